import Foundation
import Synchronization
import TestSupport

/// A collector of a test: its process, its ports, and questions to it.
final class Collector: Sendable {
    /// What a test may want of its configuration.
    struct Options: Sendable {
        /// Lines of the section `agents`, each `{name: …}`; nil to accept any valid certificate.
        var agents: [String]?
        /// More lines of the section `web`.
        var web: [String] = []
        var webHost = "127.0.0.1"
        var tunnelHost = "127.0.0.1"
        /// Readers of history, each `{name: …}`.
        var readers: [String] = []
        /// More of the section `log`, such as `history: 1h`.
        var log: [String] = []
        var environment: [String: String] = [:]
    }

    let directory: TemporaryDirectory
    let webPort: Int
    let tunnelPort: Int
    private let options: Mutex<Options>
    private let current: Mutex<ChildProcess>

    private init(
        directory: TemporaryDirectory, webPort: Int, tunnelPort: Int, options: Options, process: ChildProcess
    ) {
        self.directory = directory
        self.webPort = webPort
        self.tunnelPort = tunnelPort
        self.options = Mutex(options)
        current = Mutex(process)
    }

    /// Starts one on ports chosen by the kernel, with an empty disk.
    static func start(_ options: Options = Options()) async throws -> Collector {
        let directory = try TemporaryDirectory()
        try write(options, webPort: 0, tunnelPort: 0, in: directory)
        let process = try await launch(options, in: directory)
        let tunnel = try await process.port("tunnel listening")
        let web = try await process.port("web listening")
        // A restart comes back on the same ports, as a configured one would.
        try write(options, webPort: web, tunnelPort: tunnel, in: directory)
        return Collector(
            directory: directory, webPort: web, tunnelPort: tunnel, options: options, process: process)
    }

    private static func launch(_ options: Options, in directory: TemporaryDirectory) async throws -> ChildProcess {
        try await ChildProcess.start(
            [try Binary.culvert, "collector", "--config", directory.path + "/collector.yml"], name: "collector",
            in: directory, environment: options.environment)
    }

    private static func write(
        _ options: Options, webPort: Int, tunnelPort: Int, in directory: TemporaryDirectory
    ) throws {
        let certificates = try Certificates.shared
        var lines = [
            "tunnel:",
            "  listen_address: \(options.tunnelHost):\(tunnelPort)",
            "  tls_config:",
            "    cert_file: \(certificates.collector.certificate)",
            "    key_file: \(certificates.collector.key)",
            "    client_ca_file: \(certificates.authority)",
            "web:",
            "  listen_address: \(options.webHost):\(webPort)",
        ]
        lines += options.web.map { "  " + $0 }
        lines += ["log: {\((["directory: replica"] + options.log).joined(separator: ", "))}"]
        if !options.readers.isEmpty { lines += ["history:", "  readers:"] + options.readers.map { "    - " + $0 } }
        if let agents = options.agents { lines += ["agents:"] + agents.map { "  - " + $0 } }
        let text = lines.joined(separator: "\n") + "\n"
        try Data(text.utf8).write(to: URL(fileURLWithPath: directory.path + "/collector.yml"))
    }

    var process: ChildProcess { current.withLock { $0 } }

    /// Starts it again on the same ports, after it has ended.
    ///
    /// - Parameter change: what is different from now on.
    func startAgain(_ change: (inout Options) -> Void = { _ in }) async throws {
        let options = options.withLock { options in
            change(&options)
            return options
        }
        try Self.write(options, webPort: webPort, tunnelPort: tunnelPort, in: directory)
        let process = try await Self.launch(options, in: directory)
        current.withLock { $0 = process }
        _ = try await process.port("web listening")
        _ = try await process.port("tunnel listening")
    }

    /// Removes what it stored; only while it does not run.
    func loseDisk() throws {
        try FileManager.default.removeItem(atPath: directory.path + "/replica")
    }

    // MARK: Questions

    func get(
        _ target: String, method: String = "GET", headers: [(String, String)] = [], host: String = "127.0.0.1"
    ) async throws -> HTTPReply {
        try await HTTPReader.request(target, host: host, port: webPort, method: method, headers: headers)
    }

    /// The list at `/sd`; throws unless it is answered with 200.
    func serviceDiscovery(_ query: String = "") async throws -> [TargetGroup] {
        let reply = try await get("/sd" + query)
        guard reply.status == 200 else {
            throw HTTPReply.Malformed(description: "/sd answers \(reply.status) \(reply.reason)")
        }
        return try JSONDecoder().decode([TargetGroup].self, from: Data(reply.body))
    }

    /// The path of the only target with these labels, as soon as it is listed.
    func path(within limit: Duration = .seconds(20), _ labels: [String: String]) async throws -> String {
        try await eventually("/sd lists \(labels)", within: limit) {
            try await serviceDiscovery().first { group in labels.allSatisfy { group.labels[$0.key] == $0.value } }?.path
        }
    }

    /// Reads `path` until it is answered with `status`.
    @discardableResult
    func get(_ path: String, until status: Int, within limit: Duration = .seconds(20)) async throws -> HTTPReply {
        try await eventually("\(path) answers \(status)", within: limit) {
            let reply = try await get(path)
            guard reply.status == status else {
                throw HTTPReply.Malformed(description: "\(reply.status) \(reply.reason)")
            }
            return reply
        }
    }

    /// A sample of the page about an agent.
    func agent(_ name: String, _ series: String) async throws -> Double? {
        try await get("/agents/\(name)/metrics").sample(series)
    }

    /// Waits until `name` is connected.
    func connected(_ name: String = "agent", within limit: Duration = .seconds(20)) async throws {
        try await eventually("agent \(name) is connected", within: limit) {
            try await agent(name, "culvert_agent_connected") == 1
        }
    }
}
