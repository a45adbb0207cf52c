import Agent
import ArgumentParser
import Collector
import Settings
import TLS

/// `culvert check`.
struct CheckCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Checks configuration files, and with --connect the way to the collectors.",
        discussion: """
            Reads each file as agent or collector would, certificates and keys included, and prints what it says. With \
            --connect an agent's file is also tried out: DNS, TCP, proxy, TLS and Welcome, step by step, with the cure at \
            the first that fails. A running agent is not disturbed. --print-targets looks for targets once and shows what \
            relabel_configs make of each, and why one is not scraped. With --samples-per-second it says how long an outage an \
            agent's log covers at that rate: count 0.85 bytes a sample, so 1 GiB is about 329 hours at 1000 samples/s.
            """)

    @Argument(help: "Configuration files of agents or collectors.")
    var files: [String]

    @Flag(help: "Dial the collectors of an agent's file.")
    var connect = false

    @Flag(help: "Run discovery once and show every target before and after relabeling.")
    var printTargets = false

    @Option(
        name: .customLong("samples-per-second"),
        help: ArgumentHelp(
            "Say how long an outage an agent's log covers when its targets give so many samples a second.",
            valueName: "n"))
    var samplesPerSecond: Double?

    func validate() throws {
        guard let samplesPerSecond else { return }
        guard samplesPerSecond > 0, samplesPerSecond <= 1e12 else {
            throw ValidationError("--samples-per-second \(samplesPerSecond): expected a number above 0, at most 1e12")
        }
    }

    func run() async throws {
        var status: Int32 = 0
        for file in files {
            do {
                switch try SettingsKind.detect(path: file) {
                case .agent: try await check(agent: try AgentSettings.load(path: file))
                case .collector: try check(collector: try CollectorSettings.load(path: file))
                }
            } catch let error as SettingsProblems {
                ExitStatus.complain(error.problems.map(\.description))
                status = ExitStatus.configuration
            } catch let error as TLSError {
                ExitStatus.complain(["\(file): \(error.sentence)"])
                status = ExitStatus.configuration
            } catch let error as SettingsError {
                ExitStatus.complain([error.description])
                status = ExitStatus.configuration
            } catch let error as CollectorError {
                ExitStatus.complain(["\(file): \(error)"])
                status = ExitStatus.configuration
            } catch let error as ExitCode {
                status = max(status, error.rawValue)
            }
        }
        if status != 0 { throw ExitCode(status) }
    }

    private func check(agent settings: AgentSettings) async throws {
        let environment = Environment.variables
        print("\(settings.file): an agent's configuration")
        for line in settings.describe() { print("  \(line)") }
        if let samplesPerSecond { print("  \(settings.log.describeOutage(samplesPerSecond: samplesPerSecond))") }
        for line in AgentCheck.readers(settings) + (try AgentCheck.certificates(settings, environment: environment)) {
            print("  \(line)")
        }
        if printTargets {
            for line in try await AgentCheck.targets(settings, version: Version.current, environment: environment) {
                print("  \(line)")
            }
        }
        guard connect else { return }
        var failed = false
        for collector in settings.collectors {
            let steps = await AgentCheck.connect(
                collector, version: Version.current, wallClock: Clock.microseconds)
            for step in steps { print("  \(step.line)") }
            failed = failed || steps.contains { !$0.isDone }
        }
        if failed { throw ExitCode(ExitStatus.failure) }
    }

    private func check(collector settings: CollectorSettings) throws {
        print("\(settings.file): a collector's configuration")
        for line in settings.describe() { print("  \(line)") }
        for line in try CollectorCheck.certificates(settings) { print("  \(line)") }
        if connect { print("  --connect: nothing to dial, a collector is dialled by its agents") }
    }
}
