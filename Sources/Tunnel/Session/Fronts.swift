import ScrapeLog

/// The two fronts at which a connection sends that began with much to catch up: the live data, and the backlog behind
/// them. Epochs that begin later are live.
struct Fronts: Sendable {
    private let start: LiveStart
    private let olderEpochs: Set<UInt64>

    /// - Parameter held: what the log held when the live data began.
    init(_ start: LiveStart, held: [LogRange]) {
        self.start = start
        olderEpochs = Set(held.map(\.epoch)).subtracting([start.epoch])
    }

    /// The live part of a range of the log, which may be empty.
    func live(of range: LogRange) -> LogRange {
        var part = range
        if olderEpochs.contains(range.epoch) {
            part.from = range.to
        } else if range.epoch == start.epoch {
            part.from = min(max(range.from, start.offset), max(range.from, range.to))
        }
        return part
    }

    /// The rest of it.
    func backlog(of range: LogRange) -> LogRange {
        LogRange(epoch: range.epoch, from: range.from, to: live(of: range).from)
    }
}
