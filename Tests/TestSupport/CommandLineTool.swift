import Foundation

/// A program run to its end by a test, its two outputs in one string.
package struct CommandLineTool: Sendable {
    /// A program that ended with another status than 0.
    package struct Failure: Error, CustomStringConvertible {
        package let command: String
        package let status: Int32
        package let output: String

        package var description: String { "\(command) ended with status \(status): \(output)" }
    }

    /// The exit status of the program.
    package let status: Int32
    /// What the program wrote to its standard output and its standard error.
    package let output: String

    /// Runs `program`, found on the search path unless it is a path itself, with `environment` added to our own.
    @discardableResult
    package static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> CommandLineTool {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program.contains("/") ? program : "/usr/bin/env")
        process.arguments = program.contains("/") ? arguments : [program] + arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        try process.run()
        let output = try pipe.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return CommandLineTool(status: process.terminationStatus, output: String(decoding: output, as: UTF8.self))
    }

    /// Runs `program` and throws unless it ends with status 0; returns what it wrote.
    @discardableResult
    package static func output(
        of program: String, _ arguments: [String], environment: [String: String] = [:]
    ) throws -> String {
        let result = try run(program, arguments, environment: environment)
        guard result.status == 0 else {
            let command = ([program] + arguments).joined(separator: " ")
            throw Failure(command: command, status: result.status, output: result.output)
        }
        return result.output
    }
}
