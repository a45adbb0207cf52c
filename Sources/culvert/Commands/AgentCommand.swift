import Agent
import ArgumentParser
import Logging
import ServiceLifecycle
import Settings

/// `culvert agent`.
struct AgentCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "agent",
        abstract: "Runs inside the private network: scrapes targets and sends the results out.",
        discussion: """
            Opens no port. SIGTERM scrapes every target a last time, sends what is left and stops within the grace \
            period; SIGHUP reads the configuration again.
            """)

    @Option(name: .long, help: "The agent's configuration, YAML.")
    var config: String

    @OptionGroup var log: LogOptions

    func run() async throws {
        let settings = try AgentSettings.load(path: config)
        let logger = log.makeLogger()
        for collector in settings.collectors { AuthorityKeyWarning.check(keyFile: collector.tlsConfig.keyFile, logger) }
        var options = AgentOptions(
            settings: settings, version: Version.current, logger: logger, wallClock: Clock.microseconds)
        options.environment = Environment.variables
        let agent = AgentService(options)
        try await Process.run(agent, logger: logger) { try await agent.reload() }
    }
}
