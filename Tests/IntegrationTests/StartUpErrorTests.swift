import Foundation
import TestSupport
import Testing

/// What cannot work is said in one line that names the culprit and the cure, and the exit code tells the kind.
@Suite(.onStage) struct StartUpErrorTests {
    /// A directory with the certificates of the shared set and a file to start with.
    private struct Place {
        let directory: TemporaryDirectory
        var file: String { directory.path + "/culvert.yml" }

        init() throws {
            directory = try TemporaryDirectory()
            let certificates = try Certificates.shared
            for (from, to) in [
                (certificates.authority, "ca.pem"), (certificates.collector.certificate, "collector.pem"),
                (certificates.collector.key, "collector-key.pem"), (certificates.agent().certificate, "agent.pem"),
                (certificates.agent().key, "agent-key.pem"),
            ] {
                try FileManager.default.copyItem(atPath: from, toPath: directory.path + "/" + to)
            }
        }

        func write(_ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        }

        /// Starts, waits for the end and returns it with what was written.
        func start(_ role: String, as user: [String] = []) async throws -> (ChildProcess.Ending, [String]) {
            let process = try await ChildProcess.start(
                user + [try Binary.culvert, role, "--config", file], name: role, in: directory)
            return (try await process.end(within: .seconds(10)), process.lines)
        }
    }

    private static func collector(web: String = "127.0.0.1:0", more: String = "") -> String {
        """
        tunnel:
          listen_address: 127.0.0.1:0
          tls_config: {cert_file: collector.pem, key_file: collector-key.pem, client_ca_file: ca.pem}
        web: {listen_address: "\(web)"}
        log: {directory: replica}
        \(more)

        """
    }

    private static let agent = """
        collectors:
          - address: 127.0.0.1:1
            tls_config: {ca_file: ca.pem, cert_file: agent.pem, key_file: agent-key.pem}
        log: {directory: log}

        """

    @Test(arguments: ["agent", "collector"])
    func `a missing file`(role: String) async throws {
        let place = try Place()
        let (ending, lines) = try await place.start(role)
        #expect(ending == .exited(78))
        #expect(lines.count == 1)
        #expect(lines.first?.hasPrefix("\(place.file): No such file") == true, "\(lines)")
        #expect(lines.first?.contains("--config") == true)
    }

    @Test(arguments: ["agent", "collector"])
    func `a missing certificate file`(role: String) async throws {
        let place = try Place()
        try place.write(role == "agent" ? Self.agent : Self.collector())
        try FileManager.default.removeItem(atPath: "\(place.directory.path)/\(role).pem")
        let (ending, lines) = try await place.start(role)
        #expect(ending == .exited(78))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("\(place.file):3:") == true, "\(lines)")
        #expect(lines.first?.contains("\(place.directory.path)/\(role).pem") == true, "\(lines)")
        #expect(lines.first?.contains("certs/issue") == true, "\(lines)")
    }

    @Test(arguments: ["agent", "collector"])
    func `a key that the group may read`(role: String) async throws {
        let place = try Place()
        try place.write(role == "agent" ? Self.agent : Self.collector())
        let key = "\(place.directory.path)/\(role)-key.pem"
        try FileManager.default.setAttributes([.posixPermissions: 0o640], ofItemAtPath: key)
        let (ending, lines) = try await place.start(role)
        #expect(ending == .exited(78))
        #expect(lines.count == 1, "\(lines)")
        #expect(lines.first?.hasPrefix("\(place.file):3:") == true, "\(lines)")
        #expect(lines.first?.contains("chmod 600 \(key)") == true, "\(lines)")
    }

    @Test(.enabled(if: geteuid() == 0, "becoming somebody else needs root"))
    func `a key that cannot be read`() async throws {
        let place = try Place()
        try place.write(Self.agent)
        for name in ["", "/culvert.yml", "/ca.pem", "/agent.pem"] {
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: place.directory.path + name)
        }
        let program = place.directory.path + "/culvert"
        try FileManager.default.copyItem(atPath: try Binary.culvert, toPath: program)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: program)
        let process = try await ChildProcess.start(
            [
                "setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program, "agent", "--config",
                place.file,
            ],
            name: "agent", in: place.directory)
        #expect(try await process.end(within: .seconds(10)) == .exited(78))
        #expect(process.lines.count == 1, "\(process.lines)")
        #expect(process.lines.first?.hasPrefix("\(place.file):3:") == true, "\(process.lines)")
        #expect(process.lines.first?.contains("agent-key.pem: Permission denied") == true, "\(process.lines)")
    }

    @Test(arguments: [
        ("collectors:\n  - address: [\n", 2...4, "not valid YAML"), ("", 1...1, "empty"),
        ("- a list\n", 1...1, "expected"),
    ])
    func `bad YAML`(text: String, line: ClosedRange<Int>, words: String) async throws {
        let place = try Place()
        try place.write(text)
        let (ending, lines) = try await place.start("agent")
        #expect(ending == .exited(78))
        #expect(lines.count == 1, "\(lines)")
        let first = try #require(lines.first)
        #expect(line.contains { first.hasPrefix("\(place.file):\($0):") }, "\(lines)")
        #expect(first.contains(words), "\(lines)")
    }

    @Test func `unknown keys, each with its line and what was probably meant`() async throws {
        let place = try Place()
        try place.write(Self.agent + "globall: {}\nscrape_configs:\n  - job_name: a\n    scrape_intervall: 1s\n")
        let (ending, lines) = try await place.start("agent")
        #expect(ending == .exited(78))
        #expect(lines.count == 2, "\(lines)")
        let first = try #require(lines.first)
        let last = try #require(lines.last)
        #expect(
            first.hasPrefix("\(place.file):5:1:") && first.contains("globall") && first.contains("global"), "\(first)")
        #expect(last.hasPrefix("\(place.file):8:5:") && last.contains("scrape_interval"), "\(last)")
    }

    @Test func `two agents whose stamps are equal`() async throws {
        let place = try Place()
        try place.write(
            Self.collector(
                more: """
                    agents:
                      - {name: a, labels: {agent: "", site: north}}
                      - {name: b, labels: {agent: "", site: north}}
                    """))
        let (ending, lines) = try await place.start("collector")
        #expect(ending == .exited(78))
        #expect(lines.count == 1, "\(lines)")
        let line = try #require(lines.first)
        #expect(line.hasPrefix("\(place.file):8:"), "\(line)")
        #expect(line.contains("agents a (line 7) and b (line 8)") && line.contains("label of its own"), "\(line)")
    }

    @Test(arguments: ["web", "tunnel"]) func `a port in use is exit code 1`(listener: String) async throws {
        let taken = try await TestExporter.start()
        let place = try Place()
        var text = Self.collector(web: listener == "web" ? taken.address : "127.0.0.1:0")
        if listener == "tunnel" {
            text = text.replacingOccurrences(
                of: "  listen_address: 127.0.0.1:0", with: "  listen_address: \(taken.address)")
        }
        try place.write(text)
        let (ending, lines) = try await place.start("collector")
        #expect(ending == .exited(1))
        let line = try #require(lines.last)
        #expect(
            line == "\(listener).listen_address \(taken.address) is in use by another process; "
                + "stop that process (ss -ltnp shows it) or choose another port", "\(lines)")
        #expect(lines.contains { $0.contains("level=error") } == false, "\(lines)")
    }

    @Test func `two processes on one directory`() async throws {
        let collector = try await Collector.start()
        let place = try Place()
        try place.write(
            Self.collector().replacingOccurrences(
                of: "directory: replica", with: "directory: \(collector.directory.path)/replica"))
        let (ending, lines) = try await place.start("collector")
        #expect(ending == .exited(1))
        #expect(lines.last?.contains("\(collector.directory.path)/replica") == true, "\(lines)")
        let agent = try await Agent.start(.init(collectorPort: collector.tunnelPort))
        try await collector.connected()
        try place.write(
            Self.agent.replacingOccurrences(of: "directory: log", with: "directory: \(agent.directory.path)/log"))
        let (end, words) = try await place.start("agent")
        #expect(end == .exited(1))
        #expect(words.last?.contains("\(agent.directory.path)/log") == true, "\(words)")
        #expect(agent.process.poll() == nil && collector.process.poll() == nil)
    }

    @Test(arguments: [
        [], ["agent"], ["agent", "--nonsense"], ["nonsense"], ["agent", "--config"], ["check"],
    ])
    func `wrong usage is exit code 2 and says how it is done`(arguments: [String]) async throws {
        let directory = try TemporaryDirectory()
        let process = try await ChildProcess.start([try Binary.culvert] + arguments, name: "culvert", in: directory)
        #expect(try await process.end(within: .seconds(10)) == .exited(arguments.isEmpty ? 0 : 2))
        let text = (process.lines + process.outputLines).joined(separator: "\n")
        #expect(text.contains(arguments.isEmpty ? "USAGE:" : "Usage:"), "\(text)")
    }

    @Test func `check names the first step on the way to a collector that fails, and its cure`() async throws {
        let place = try Place()
        try place.write(Self.agent)
        let port = try await TestExporter.freePort()
        try place.write(Self.agent.replacingOccurrences(of: "127.0.0.1:1\n", with: "127.0.0.1:\(port)\n"))
        let failing = try await ChildProcess.start(
            [try Binary.culvert, "check", place.file, "--connect"], name: "check", in: place.directory)
        #expect(try await failing.end() == .exited(1))
        #expect(
            failing.outputLines.contains { $0.contains("FAIL connect") && $0.contains("check that the collector runs") }
        )

        let collector = try await Collector.start()
        try place.write(
            Self.agent.replacingOccurrences(of: "127.0.0.1:1\n", with: "127.0.0.1:\(collector.tunnelPort)\n"))
        let fine = try await ChildProcess.start(
            [try Binary.culvert, "check", place.file, "--connect"], name: "check", in: place.directory)
        #expect(try await fine.end() == .exited(0), "\(fine.outputLines)")
        #expect(fine.outputLines.contains { $0.contains("ok   welcome") }, "\(fine.outputLines)")
    }
}
