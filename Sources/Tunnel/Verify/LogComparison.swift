package import ScrapeLog

/// How a replica at the collector and the log at its agent compare, range by range.
package struct LogComparison: Sendable, Hashable {
    /// Held by both, with equal bytes.
    package var identical: [LogRange] = []
    /// Held by both, and not equal: this must never happen.
    package var different: [LogRange] = []
    /// Held by the agent only: not sent yet, or lost here.
    package var missingHere: [LogRange] = []
    /// Held here only: as a rule the agent has deleted it because it was acknowledged.
    package var missingThere: [LogRange] = []
    /// Held by both and not compared: deleted on one side meanwhile, or unreadable.
    package var unchecked: [LogRange] = []

    package init() {}

    /// Compares checksums of both sides.
    ///
    /// - Parameters:
    ///   - own: the collector's checksums, of exactly the ranges that `theirs.parts` names.
    ///   - held: what the collector can read of the epochs in question.
    ///   - settled: what it need not be sent again: held, announced as gaps, or expired.
    package init(own: [RangeChecksum], held: [LogRange], settled: [LogRange], theirs: AgentChecksums) {
        var known: [LogRange: UInt32] = [:]
        for part in own { known[part.range] = part.checksum }
        var same = LogRangeSet()
        var other = LogRangeSet()
        for part in theirs.parts {
            guard let checksum = known[part.range] else { continue }
            if checksum == part.checksum { same.insert(part.range) } else { other.insert(part.range) }
        }
        let here = LogRangeSet(held)
        // What was answered was held, even if it has been acknowledged and deleted since.
        let there = LogRangeSet(theirs.held + theirs.parts.map(\.range))
        let done = LogRangeSet(settled + held)
        identical = same.ranges
        different = other.ranges
        missingHere = theirs.held.flatMap { done.missing(from: $0) }
        missingThere = here.ranges.flatMap { there.missing(from: $0) }
        var rest = here
        for range in same.ranges + other.ranges + missingThere { rest.remove(range) }
        unchecked = rest.ranges
    }

    /// Whether nothing speaks against the replica.
    package var isSound: Bool { different.isEmpty }
}
