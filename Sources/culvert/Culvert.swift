import ArgumentParser

/// The program: one binary, roles as subcommands. Flags, environment, signals and exit codes are dealt with here and
/// nowhere else.
@main
struct Culvert: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "culvert",
        abstract: "Carries Prometheus metrics out of a private network without opening a port into it.",
        discussion: """
            An agent inside scrapes targets and dials out; a collector outside shows what it scraped to any Prometheus, \
            as if it had scraped the targets itself. Both sides know each other by certificate.

              culvert collector --config collector.yml     outside
              culvert agent --config agent.yml             inside
              culvert check agent.yml --connect            is everything right, and if not, what to do
              culvert verify vpc-a                         do both sides hold the same bytes

            Certificates for a first try: certs/issue DIR. Exit codes: 0 fine, 1 could not run, 2 wrong usage, 78 wrong \
            configuration.
            """,
        version: Version.current,
        subcommands: [
            AgentCommand.self, CollectorCommand.self, CheckCommand.self, VerifyCommand.self, VersionCommand.self,
        ])

    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            ExitStatus.exit(for: error)
        }
    }
}
