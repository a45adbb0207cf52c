import Foundation
import Testing

/// Culvert deployed by hand as README.md says, but in a directory of the test: `/etc/culvert`, `/var/lib/culvert`, the home
/// directory, the collector's host name and its ports are replaced. Owns the processes.
final class Deployment {
    private let directory: String
    private var collector: RunningCommand?
    private var agent: RunningCommand?
    /// The ports that stand in README.md, and those the kernel gave.
    private var ports = ["9443": "0", "9480": "0"]

    init(_ directory: String) throws {
        self.directory = directory
        for name in ["etc", "var", "bin", "home"] {
            try FileManager.default.createDirectory(atPath: "\(directory)/\(name)", withIntermediateDirectories: true)
        }
        let program = "\(directory)/bin/culvert"
        if !FileManager.default.fileExists(atPath: program) {
            try FileManager.default.createSymbolicLink(atPath: program, withDestinationPath: Repository.culvert)
        }
    }

    /// A text of README.md for this place.
    private func localized(_ text: String) -> String {
        var text = text.replacing("/etc/culvert", with: "\(directory)/etc")
            .replacing("/var/lib/culvert", with: "\(directory)/var").replacing(
                "collector.example.com", with: "localhost"
            )
            .replacing("0.0.0.0", with: "127.0.0.1")
        for (port, replacement) in ports { text = text.replacing(":\(port)", with: ":\(replacement)") }
        return text
    }

    /// Writes a file of `/etc/culvert`.
    func write(_ name: String, _ text: String) throws {
        // An agent cannot dial port 0; where no collector runs, its port does not matter.
        let text = name == "collector.yml" || ports["9443"] != "0" ? localized(text) : text
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(directory)/etc/\(name)"))
    }

    /// What a person does with the files that certs/issue names, for both hosts at once.
    func handOutCertificates() throws {
        let authority = "\(directory)/home/culvert-ca"
        for name in try FileManager.default.contentsOfDirectory(atPath: authority) where name != "ca-key.pem" {
            try FileManager.default.copyItem(atPath: "\(authority)/\(name)", toPath: "\(directory)/etc/\(name)")
        }
    }

    private func start(_ command: String) throws -> RunningCommand {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return try RunningCommand(
            "/bin/sh", ["-c", "exec " + localized(command)],
            environment: ["HOME": "\(directory)/home", "PATH": "\(directory)/bin:\(path)", "no_proxy": "*"])
    }

    /// Runs a command to its end, expects status 0 and gives what it wrote.
    func run(_ command: String) async throws -> String {
        let running = try start(command)
        let status = try await running.end()
        #expect(status == 0, "\(command): \(running.output)")
        return running.output
    }

    /// Starts the collector and learns its ports.
    func startCollector(_ command: String) async throws {
        let running = try start(command)
        collector = running
        try await running.writes { $0.contains("tunnel listening") && $0.contains("web listening") }
        ports = ["9443": try port("tunnel", in: running), "9480": try port("web", in: running)]
    }

    private func port(_ name: String, in running: RunningCommand) throws -> String {
        let line = try #require(running.lines.first { $0.contains(#"msg="\#(name) listening""#) })
        let address = try #require(line.split(separator: " ").first { $0.hasPrefix("address=") })
        return String(try #require(address.split(separator: ":").last))
    }

    /// Starts the agent and waits until it is welcomed.
    func startAgent(_ command: String) async throws {
        let running = try start(command)
        agent = running
        try await running.writes { $0.contains("msg=connected") }
    }

    /// Stops both, the agent first; both are expected to end well.
    func stop() async throws {
        for process in [agent, collector] {
            process?.send(SIGTERM)
            #expect(try await process?.end() == 0, "\(process?.output ?? "")")
        }
    }
}
