import ArgumentParser
import Recordings

/// Measures the codec alone: no network, no log, one thread.
@main
struct CodecBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "codec-benchmark",
        abstract: "Nanoseconds of CPU and bytes a sample, for recorded bodies and for how cost grows.",
        discussion: """
            FOLDER has one folder for each exporter, with its scrapes as 000.txt, 001.txt and so on. For valgrind
            --tool=callgrind use --single with few rounds.
            """)

    @Argument(help: "A folder of recordings.")
    var folder: String

    @Option(help: "Targets that take turns on the recordings.")
    var targets = 100

    @Option(help: "Rounds to measure, after the first.")
    var rounds = 40

    @Flag(help: "How cost grows: 10, 100 and 1,000 targets; 100, 10,000 and 200,000 series a target.")
    var scaling = false

    @Option(help: "Only this exporter, once.")
    var single: String?

    func validate() throws {
        guard targets > 0, rounds > 0 else { throw ValidationError("--targets and --rounds must be at least 1") }
    }

    func run() throws {
        let exporters = try single.map { [$0] } ?? RecordedFolder.names(in: folder)
        print(
            """
            ns of CPU a sample, on average and in the round that took least; bytes a sample as payload, with dictionary
            lines, with record headers; first: bytes a sample of a target's first scrape; bytes of heap a series
            """)
        var rows: [[String]] = []
        for exporter in exporters where !scaling {
            var workload = try RecordedWorkload(
                name: exporter, folders: ["\(folder)/\(exporter)"], isSpread: single != nil || targets > 1)
            rows.append(try CodecRun(targets: targets, rounds: rounds + 1).measure(&workload).row)
        }
        if single == nil {
            let folders = exporters.map { "\(folder)/\($0)" }
            for count in scaling ? [10, 100, 1_000] : [targets] {
                var workload = try RecordedWorkload(name: "all in turn", folders: folders, isSpread: true)
                rows.append(try CodecRun(targets: count, rounds: rounds + 1).measure(&workload).row)
            }
            for (series, count) in [(100, 1_000), (10_000, 10), (200_000, 1)] where scaling {
                var workload = SyntheticWorkload(series: series)
                rows.append(try CodecRun(targets: count, rounds: rounds + 1).measure(&workload).row)
            }
        }
        Table.print(Figures.heading, rows)
    }
}
