import ArgumentParser
import Collector
import Views

/// `culvert verify`.
struct VerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compares an agent's log with the collector's copy of it, byte for byte.",
        discussion: """
            Asks a running collector, which asks the agent for checksums through the tunnel; the agent has to be connected, \
            and goes on scraping. Prints what is identical, what is missing on which side, and what differs, which must \
            never happen: then the exit code is 1.
            """)

    @Argument(help: "The agent's name.")
    var agent: String

    @Option(help: "The collector's web port.")
    var url = "http://127.0.0.1:9480"

    @Option(
        name: .customLong("ca-file"),
        help: ArgumentHelp("Who may have issued the certificate of an https URL.", valueName: "file"))
    var authorityFile: String?

    func run() async throws {
        let result = try await CollectorClient(url: url, authorityFile: authorityFile).verify(agent: agent)
        Self.tell("identical", result.identical)
        Self.tell("missing at the collector, not sent yet", result.missingAtCollector)
        Self.tell("missing at the agent, acknowledged and deleted there", result.missingAtAgent)
        Self.tell("not compared, gone meanwhile", result.unchecked)
        Self.tell("DIFFERENT", result.different)
        guard result.different.isEmpty else { throw ExitCode(ExitStatus.failure) }
        print("agent \(result.agent): both sides hold the same bytes")
    }

    private static func tell(_ what: String, _ ranges: [LogVerification.Range]) {
        guard !ranges.isEmpty else { return }
        print("\(what): \(ranges.reduce(0) { $0 + $1.bytes }) bytes")
        for range in ranges { print("  epoch \(range.epoch) from \(range.from) to \(range.to)") }
    }
}
