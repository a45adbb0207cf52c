import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport

/// A server of others while a test talks to it: in a process group of its own that is killed when this is released, and
/// by the kernel when the test runner dies.
final class PeerProcess: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Where its configuration and its output are.
    let directory: TemporaryDirectory
    /// Ports on 127.0.0.1, as many as were asked for; it listens on the first.
    let ports: [Int]
    private let program: PeerProgram
    private let pid: pid_t
    private let isEnded = Mutex(false)

    private init(_ program: PeerProgram, _ pid: pid_t, _ directory: TemporaryDirectory, _ ports: [Int]) {
        self.program = program
        self.pid = pid
        self.directory = directory
        self.ports = ports
    }

    deinit {
        end()
    }

    /// Starts the program with what `configuration` makes of its directory and ports, and returns when it accepts
    /// connections on the first port.
    static func start(
        _ program: PeerProgram, ports count: Int = 1,
        configuration: (_ directory: String, _ ports: [Int]) throws -> String
    ) async throws -> PeerProcess {
        guard let path = program.path else {
            throw Failure(description: "\(program.rawValue) is missing: install the Debian package of that name")
        }
        var last = ""
        // Somebody else may take a port between our look and the program's.
        for _ in 0..<5 {
            let directory = try TemporaryDirectory()
            let ports = try await freePorts(count)
            let file = directory.path + "/configuration"
            try Data(configuration(directory.path, ports).utf8).write(to: URL(fileURLWithPath: file))
            let command =
                switch program {
                case .nginx: [path, "-e", "stderr", "-p", directory.path, "-c", file]
                case .haproxy: [path, "-db", "-q", "-f", file]
                case .tinyproxy: [path, "-d", "-c", file]
                }
            let pid = try await PeerSpawner.shared.spawn(command, output: directory.path + "/output")
            let process = PeerProcess(program, pid, directory, ports)
            if try await process.accepts() { return process }
            last = process.output
        }
        throw Failure(description: "\(program.rawValue) does not start: \(last)")
    }

    /// What it has written to its outputs.
    var output: String {
        let data = FileManager.default.contents(atPath: directory.path + "/output") ?? Data()
        return String(decoding: data, as: UTF8.self)
    }

    /// The processes it has started and that have not ended.
    var children: Set<Int32> {
        let text = (try? String(contentsOfFile: "/proc/\(pid)/task/\(pid)/children", encoding: .utf8)) ?? ""
        return Set(text.split(separator: " ").compactMap { Int32($0) })
    }

    func signal(_ number: Int32) {
        isEnded.withLock { if !$0 { kill(pid, number) } }
    }

    /// Ends it and everything it has started.
    func end() {
        isEnded.withLock { isEnded in
            guard !isEnded else { return }
            isEnded = true
            kill(-pid, SIGKILL)
            var status: Int32 = 0
            waitpid(pid, &status, 0)
        }
    }

    /// Waits until it accepts connections; false when it ended instead.
    private func accepts() async throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(30)
        while ContinuousClock.now < deadline {
            let hasEnded = isEnded.withLock { isEnded in
                var status: Int32 = 0
                if !isEnded, waitpid(pid, &status, WNOHANG) == pid { isEnded = true }
                return isEnded
            }
            if hasEnded { return false }
            if let channel = try? await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connect(host: "127.0.0.1", port: ports.first ?? 0).get()
            {
                try? await channel.close()
                return true
            }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Failure(description: "\(program.rawValue) does not listen: \(output)")
    }

    /// Ports that are free now, below those that the kernel gives to whoever asks for any: other tests do all the time.
    private static func freePorts(_ count: Int) async throws -> [Int] {
        var channels: [any Channel] = []
        // All at once, so that none is given out twice.
        while channels.count < count {
            let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            let port = Int.random(in: 10_000..<32_000)
            if let channel = try? await bootstrap.bind(host: "127.0.0.1", port: port).get() { channels.append(channel) }
        }
        let ports = channels.compactMap { $0.localAddress?.port }
        for channel in channels { try await channel.close() }
        return ports
    }
}
