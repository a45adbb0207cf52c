import Foundation
import TestSupport
import Testing

/// `deploy/quickstart` as a stranger uses it, but for the build: the program is the one the tests were built with.
@Suite(.serialized) struct QuickstartTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory() }

    private var state: String { directory.path + "/state" }

    private func quickstart(_ arguments: String...) throws -> RunningCommand {
        // The test runner may ignore SIGINT, and what it starts would inherit that.
        try RunningCommand(
            "/usr/bin/env",
            ["--default-signal=INT", "\(Repository.root)/deploy/quickstart", "--state", state] + arguments,
            environment: ["CULVERT_BINARY": Repository.culvert])
    }

    @Test func `--check verifies everything, ends with 0 and leaves nothing behind`() async throws {
        let check = try quickstart("--check")
        #expect(try await check.end(within: .seconds(180)) == 0, "\(check.output)")
        for line in [
            "ok   fixed-page", "ok   culvert-collector", "ok   culvert-agent", "ok   /agents/quickstart/metrics",
        ] {
            #expect(check.output.contains(line), "\(check.output)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: state).isEmpty)
        try await RunningCommand.nothingRuns(mentioning: state)
    }

    @Test func `its curl line works, and Ctrl-C stops both processes`() async throws {
        let running = try quickstart()
        try await running.writes(within: .seconds(120)) { $0.contains("Ctrl-C stops both processes.") }
        let command = try #require(running.lines.first { $0.hasPrefix("  curl ") }).dropFirst(2)
        let curl = try RunningCommand("/bin/sh", ["-c", String(command)])
        #expect(try await curl.end() == 0)
        #expect(curl.output.contains("culvert_build_info{"))

        running.send(SIGINT)
        #expect(try await running.end() == 0)
        try await RunningCommand.nothingRuns(mentioning: state)
        for log in ["collector", "agent"] {
            let text = try String(contentsOfFile: "\(state)/\(log).log", encoding: .utf8)
            #expect(text.contains("\(log) stopped"))
            #expect(!text.contains("level=warn") && !text.contains("level=error"), "\(text)")
        }
    }

    @Test func `what it started ends with it even when it is killed`() async throws {
        let running = try quickstart()
        try await running.writes(within: .seconds(120)) { $0.contains("Ctrl-C stops both processes.") }
        running.send(SIGKILL)
        _ = try await running.end()
        try await RunningCommand.nothingRuns(mentioning: state, within: .seconds(40))
    }

    @Test func `a collector that does not start is an error that says why`() async throws {
        let broken = try RunningCommand(
            "\(Repository.root)/deploy/quickstart", ["--check", "--state", state, "--binary", "/bin/false"])
        #expect(try await broken.end() == 1)
        #expect(broken.output.contains("quickstart: the collector has stopped"))
    }

    @Test(arguments: [["--binary"], ["--bogus"], ["--state", ""]])
    func `wrong usage is refused before anything happens`(_ arguments: [String]) async throws {
        let wrong = try RunningCommand("\(Repository.root)/deploy/quickstart", arguments)
        #expect(try await wrong.end() == 2)
        #expect(wrong.output.contains("see deploy/quickstart --help"))
    }

    @Test(arguments: ["deploy/quickstart", "deploy/install-packages", "Tests/run", "certs/issue"])
    func `every script explains itself`(_ script: String) async throws {
        let help = try RunningCommand("\(Repository.root)/\(script)", ["--help"])
        #expect(try await help.end() == 0)
        #expect(help.output.contains("Usage: \(script)"))
    }
}
