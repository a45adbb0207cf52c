import Foundation
import Synchronization
import TestSupport

/// An agent of a test: its process and its configuration file.
final class Agent: Sendable {
    /// What a test may want of its configuration.
    struct Options: Sendable {
        /// Whose certificate it shows.
        var name = "agent"
        var collectorHost = "127.0.0.1"
        var collectorPort: Int
        /// Further collectors on the same host.
        var otherPorts: [Int] = []
        var interval = "1s"
        var timeout: String?
        var jobs: [Job] = []
        /// Its certificate and key, when they are not those of its name.
        var pair: TestCertificates.Pair?
        /// The name it wants in the collector's certificate.
        var serverName = "localhost"
        /// More lines of the collector's entry.
        var collector: [String] = []
        /// More lines of the file.
        var more: [String] = []
        var environment: [String: String] = [:]
        var namespace: String?
        /// More arguments of the command line.
        var arguments: [String] = []
        /// Where the log lies, inside the test's directory; `none` for memory.
        var log = "log"
    }

    let directory: TemporaryDirectory
    private let options: Mutex<Options>
    private let current: Mutex<ChildProcess>

    private init(directory: TemporaryDirectory, options: Options, process: ChildProcess) {
        self.directory = directory
        self.options = Mutex(options)
        current = Mutex(process)
    }

    /// Starts one with an empty log.
    static func start(_ options: Options) async throws -> Agent {
        let directory = try TemporaryDirectory()
        try write(options, in: directory)
        return Agent(directory: directory, options: options, process: try await launch(options, in: directory))
    }

    private static func launch(_ options: Options, in directory: TemporaryDirectory) async throws -> ChildProcess {
        try await ChildProcess.start(
            [try Binary.culvert, "agent", "--config", directory.path + "/agent.yml"] + options.arguments, name: "agent",
            in: directory,
            environment: options.environment, namespace: options.namespace)
    }

    private static func write(_ options: Options, in directory: TemporaryDirectory) throws {
        let certificates = try Certificates.shared
        let own = options.pair ?? certificates.agent(options.name)
        var lines = ["collectors:"]
        for port in [options.collectorPort] + options.otherPorts {
            lines += [
                "  - address: \(options.collectorHost):\(port)",
                "    tls_config:",
                "      ca_file: \(certificates.authority)",
                "      cert_file: \(own.certificate)",
                "      key_file: \(own.key)",
                "      server_name: \(options.serverName)",
            ]
            lines += options.collector.map { "    " + $0 }
        }
        lines += ["log: {directory: \(options.log)}", "global:", "  scrape_interval: \(options.interval)"]
        lines += ["  scrape_timeout: \(options.timeout ?? options.interval)"]
        lines += options.more
        if !options.jobs.isEmpty { lines += ["scrape_configs:"] + options.jobs.flatMap(\.lines) }
        let text = lines.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/agent.yml"))
    }

    var process: ChildProcess { current.withLock { $0 } }

    /// Starts it again on its log, after it has ended.
    ///
    /// - Parameter change: what is different from now on.
    func startAgain(_ change: (inout Options) -> Void = { _ in }) async throws {
        let options = options.withLock { options in
            change(&options)
            return options
        }
        try Self.write(options, in: directory)
        let process = try await Self.launch(options, in: directory)
        current.withLock { $0 = process }
    }

    /// Writes other jobs and asks it to read them.
    func reload(jobs: [Job]) throws {
        let changed = options.withLock { options in
            options.jobs = jobs
            return options
        }
        try Self.write(changed, in: directory)
        process.signal(SIGHUP)
    }
}
