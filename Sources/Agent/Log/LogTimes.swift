import ScrapeLog

/// When what stands at a place of the log was appended, to the second or better.
///
/// Owns a bounded list of marks, one a second at most; when it is full, older marks are thinned out, so that an age is
/// known to half a percent, and never taken for less than it is.
struct LogTimes {
    private struct Mark {
        var epoch: UInt64
        var offset: UInt64
        /// Milliseconds since the Unix epoch.
        var time: Int64
    }

    static let limit = 4096
    /// The least time between two marks, milliseconds.
    private static let interval: Int64 = 1_000

    /// In the order of the log.
    private var marks: [Mark] = []

    var count: Int { marks.count }

    /// Something is appended at this place now.
    mutating func note(epoch: UInt64, offset: UInt64, time: Int64) {
        // A clock that was set back must not stop the marks.
        if let last = marks.last, last.epoch == epoch, (time &- last.time).magnitude < Self.interval { return }
        if marks.count >= Self.limit { thin() }
        // What a file says of time may be anything.
        marks.append(Mark(epoch: epoch, offset: offset, time: max(0, time)))
    }

    /// When the byte at this place was appended, or a little before; nil for an epoch that is not known.
    func time(epoch: UInt64, offset: UInt64) -> Int64? {
        var first: Int64?
        for mark in marks.reversed() where mark.epoch == epoch {
            if mark.offset <= offset { return mark.time }
            first = mark.time
        }
        return first
    }

    /// The earliest time of all these ranges; nil when none of their epochs is known.
    func earliest(of ranges: [LogRange]) -> Int64? {
        ranges.lazy.filter { $0.count > 0 }.compactMap { time(epoch: $0.epoch, offset: $0.from) }.min()
    }

    /// Forgets what the log does not hold any more.
    mutating func retain(_ held: [LogRange]) {
        var starts: [UInt64: UInt64] = [:]
        for range in held { starts[range.epoch] = min(starts[range.epoch] ?? range.from, range.from) }
        var kept: [Mark] = []
        for (index, mark) in marks.enumerated() {
            guard let start = starts[mark.epoch] else { continue }
            let next = index + 1 < marks.count && marks[index + 1].epoch == mark.epoch ? marks[index + 1] : nil
            // The last one before the start says when the start was.
            if let next, next.offset <= start { continue }
            kept.append(mark)
        }
        marks = kept
    }

    /// Keeps marks as far apart as a small part of their age.
    private mutating func thin() {
        guard let newest = marks.last?.time else { return }
        var kept: [Mark] = []
        for (index, mark) in marks.enumerated() {
            // Without it, its neighbours would still be close enough.
            if let last = kept.last, last.epoch == mark.epoch, index + 1 < marks.count,
                marks[index + 1].epoch == mark.epoch,
                (marks[index + 1].time &- last.time).magnitude < (newest &- mark.time).magnitude / 200
            {
                continue
            }
            kept.append(mark)
        }
        // Clocks or epochs beyond all measure: the newest count.
        marks = kept.count <= Self.limit / 4 * 3 ? kept : Array(kept.suffix(Self.limit / 2))
    }
}
