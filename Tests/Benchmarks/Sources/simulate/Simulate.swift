// The program `simulate` is the surroundings of an agent, for benchmarks: targets with values that move, a relay that
// counts bytes on the socket, a sink for remote write, a reader of the collector. Each is a process of its own, so that
// none of its CPU is taken for that of the program under test. Every subcommand prints one line of JSON with the
// address it listens on and then runs until it is killed; `pipeline` in the package's root directs them.

import ArgumentParser

/// The program: one subcommand for each part of the surroundings.
@main
struct Simulate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "The surroundings of an agent, for benchmarks.",
        subcommands: [TargetsCommand.self, RelayCommand.self, SinkCommand.self, ReaderCommand.self])
}
