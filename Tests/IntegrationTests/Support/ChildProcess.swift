import Foundation
import Synchronization
import TestSupport
import Testing

/// A process of a test: its output goes to files in the test's directory, and it never outlives the test: it is killed when
/// released, and by the kernel when the test runner dies.
final class ChildProcess: Sendable {
    /// How a process ended.
    enum Ending: Sendable, Hashable {
        case exited(Int32)
        case killed(Int32)
    }

    let name: String
    let pid: pid_t
    private let standardOutput: String
    private let standardError: String
    private let directory: TemporaryDirectory
    private let ending = Mutex<Ending?>(nil)

    private init(
        name: String, pid: pid_t, standardOutput: String, standardError: String, directory: TemporaryDirectory
    ) {
        self.name = name
        self.pid = pid
        self.standardOutput = standardOutput
        self.standardError = standardError
        self.directory = directory
    }

    /// Starts `arguments[0]`, found on the search path; `environment` is added to our own. With a namespace, inside it.
    static func start(
        _ arguments: [String], name: String, in directory: TemporaryDirectory, environment: [String: String] = [:],
        namespace: String? = nil
    ) async throws -> ChildProcess {
        let own = ProcessInfo.processInfo.environment
        var all = own.merging(environment) { _, new in new }
        all["PATH"] = (own["PATH"] ?? "") + ":/usr/sbin:/sbin"
        let number = UUID().uuidString.prefix(8)
        let output = "\(directory.path)/\(name)-\(number).out"
        let error = "\(directory.path)/\(name)-\(number).err"
        // Every wrapper replaces itself, so that the pid is that of the program.
        let inside = namespace.map { ["ip", "netns", "exec", $0] } ?? []
        let pid = try await Spawner.shared.spawn(
            inside + ["setpriv", "--pdeathsig", "KILL", "--"] + arguments, environment: all, standardOutput: output,
            standardError: error)
        return ChildProcess(
            name: name, pid: pid, standardOutput: output, standardError: error, directory: directory)
    }

    deinit {
        guard poll() == nil else { return }
        Foundation.kill(pid, SIGKILL)
        var status: Int32 = 0
        waitpid(pid, &status, 0)
    }

    /// The lines written to standard error so far.
    var lines: [String] { Self.lines(standardError) }

    /// The lines written to standard output so far.
    var outputLines: [String] { Self.lines(standardOutput) }

    private static func lines(_ path: String) -> [String] {
        let data = FileManager.default.contents(atPath: path) ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    /// The first line that contains every one of `parts`.
    func line(_ parts: String...) -> String? {
        lines.first { line in parts.allSatisfy { line.contains($0) } }
    }

    /// How it ended; nil while it runs.
    func poll() -> Ending? {
        ending.withLock { ending in
            if ending != nil { return ending }
            var status: Int32 = 0
            guard waitpid(pid, &status, WNOHANG) == pid else { return nil }
            let signal = status & 0x7f
            ending = signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal)
            return ending
        }
    }

    func signal(_ number: Int32) {
        ending.withLock { ending in
            // A pid that was waited for may belong to somebody else.
            if ending == nil { Foundation.kill(pid, number) }
        }
    }

    /// Waits for its end.
    func end(within limit: Duration = .seconds(30)) async throws -> Ending {
        try await eventually("\(name) ends", within: limit) { poll() }
    }

    /// SIGKILL, and returns when it is gone.
    func kill() async throws {
        signal(SIGKILL)
        _ = try await end(within: .seconds(10))
    }

    /// SIGTERM, and how it ended.
    func terminate(within limit: Duration = .seconds(30)) async throws -> Ending {
        signal(SIGTERM)
        return try await end(within: limit)
    }

    /// The port in the field `address` of the first log line that contains every one of `parts`.
    func port(_ parts: String...) async throws -> Int {
        try await eventually("\(name) logs \(parts.joined(separator: " … "))") {
            if let ending = poll() {
                throw Spawner.Failure(description: "\(ending): \(lines.suffix(5).joined(separator: " | "))")
            }
            guard let line = lines.first(where: { line in parts.allSatisfy { line.contains($0) } }),
                let address = line.range(of: "address=")
            else { return nil }
            let text = line[address.upperBound...].prefix { $0 != " " }
            return text.split(separator: ":").last.flatMap { Int($0) }
        }
    }
}
