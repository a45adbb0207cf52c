import Foundation
import TestSupport

/// A program that runs beside a test. Owns the process and a file with everything it wrote; when released, the process is
/// killed if it still runs.
final class RunningCommand: @unchecked Sendable {
    /// A condition that was not met in time.
    struct Timeout: Error, CustomStringConvertible {
        let description: String
    }

    private let directory: TemporaryDirectory
    private let process = Process()
    private let name: String

    /// Starts `program`, a path, with `environment` added to our own, in `directory` (the repository's root by default).
    init(
        _ program: String, _ arguments: [String], in place: String = Repository.root,
        environment: [String: String] = [:]
    ) throws {
        directory = try TemporaryDirectory()
        name = ([program] + arguments).joined(separator: " ")
        let output = "\(directory.path)/output"
        try Data().write(to: URL(fileURLWithPath: output))
        let file = try FileHandle(forWritingTo: URL(fileURLWithPath: output))
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: place)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = file
        process.standardError = file
        try process.run()
        try file.close()
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// What it wrote until now, to its standard output and its standard error.
    var output: String {
        (try? Data(contentsOf: URL(fileURLWithPath: "\(directory.path)/output"))).map {
            String(decoding: $0, as: UTF8.self)
        }
            ?? ""
    }

    /// The lines of its output.
    var lines: [String] { output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init) }

    /// Sends a signal.
    func send(_ signal: Int32) {
        if process.isRunning { kill(process.processIdentifier, signal) }
    }

    /// Waits until the output satisfies `condition`; throws after `limit` or when the process ends before that.
    func writes(within limit: Duration = .seconds(60), _ condition: (String) -> Bool) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let isRunning = process.isRunning
            if condition(output) { return }
            guard isRunning else { throw Timeout(description: "\(name) ended too early: \(output)") }
            guard ContinuousClock.now < deadline else {
                throw Timeout(description: "\(name) after \(limit): \(output)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Waits for its end and gives its exit status.
    func end(within limit: Duration = .seconds(60)) async throws -> Int32 {
        let deadline = ContinuousClock.now + limit
        while process.isRunning {
            guard ContinuousClock.now < deadline else {
                throw Timeout(description: "\(name) still runs after \(limit): \(output)")
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        return process.terminationStatus
    }

    /// Waits until no process has `text` in its command line; throws with those that have it after `limit`.
    static func nothingRuns(mentioning text: String, within limit: Duration = .seconds(20)) async throws {
        let deadline = ContinuousClock.now + limit
        while true {
            let left = processes(mentioning: text)
            if left.isEmpty { return }
            guard ContinuousClock.now < deadline else { throw Timeout(description: "still running: \(left)") }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private static func processes(mentioning text: String) -> [String] {
        let numbers = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return numbers.filter { $0.allSatisfy(\.isNumber) }.compactMap { number in
            guard let line = FileManager.default.contents(atPath: "/proc/\(number)/cmdline") else { return nil }
            let command = String(decoding: line, as: UTF8.self).replacing("\0", with: " ")
            return command.contains(text) ? "\(number) \(command)" : nil
        }
    }
}
