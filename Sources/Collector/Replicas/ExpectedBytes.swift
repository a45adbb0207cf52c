import ScrapeLog

/// What an agent holds of its log and has not sent, as far as is known: what is missing and may still come.
struct ExpectedBytes: Sendable, Equatable {
    /// How much is known.
    enum Knowledge: Sendable {
        /// Nothing: the collector has just started, and the agent has not said yet what it holds.
        case none
        /// What was written down before the collector started, if anything; the agent has not come back.
        case forgotten
        /// What the agent has said.
        case said
    }

    /// The last range of the epoch that the agent was writing has no end.
    private(set) var missing = LogRangeSet()
    private var hasSaid = false
    /// When the agent said what it holds, milliseconds since the Unix epoch.
    private(set) var saidAt: Int64 = 0
    private var isWrittenDown = false
    /// When the replica was opened, milliseconds since the Unix epoch.
    private let opened: Int64

    /// How long after a start an agent is waited for before what was written down counts, milliseconds.
    static let patience: Int64 = 120_000
    /// More ranges than this are not written down.
    private static let maximumNotes = 48

    init(opened: Int64) { self.opened = opened }

    func knowledge(at now: Int64) -> Knowledge {
        if hasSaid { return .said }
        if now - opened < Self.patience { return .none }
        return isWrittenDown ? .said : .forgotten
    }

    /// The agent says what it holds, oldest first; the last range is of the epoch that it writes.
    mutating func said(_ held: [LogRange], settled: [LogRange], at now: Int64) {
        saidAt = now
        missing = LogRangeSet(held)
        if let last = held.last { missing.insert(LogRange(epoch: last.epoch, from: last.to, to: .max)) }
        hasSaid = true
        for range in settled { missing.remove(range) }
    }

    /// These bytes need not come any more.
    mutating func settled(_ range: LogRange) { missing.remove(range) }

    /// Whether all that the agent held has arrived; what it writes meanwhile does not count.
    var isComplete: Bool { missing.ranges.allSatisfy { $0.to == .max } }

    // MARK: Written down

    /// One line for each range; nil when the agent has not said anything.
    var lines: [String]? {
        guard hasSaid || isWrittenDown else { return nil }
        return missing.ranges.suffix(Self.maximumNotes).map { range in
            "expected \(String(range.epoch, radix: 16)) \(range.from) \(range.to)"
        }
    }

    /// Takes in a line that was written down; false when it is none of these.
    mutating func read(_ fields: [Substring]) -> Bool {
        guard fields.count == 4, fields[0] == "expected", let epoch = UInt64(fields[1], radix: 16),
            let from = UInt64(fields[2]), let to = UInt64(fields[3])
        else { return false }
        missing.insert(LogRange(epoch: epoch, from: from, to: to))
        isWrittenDown = true
        return true
    }
}
