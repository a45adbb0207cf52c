package import ScrapeLog

/// What an agent said of its log: the checksums of what it holds of the ranges it was asked for.
package struct AgentChecksums: Sendable, Hashable {
    /// The parts of the ranges that the agent holds, with their checksums. A long range comes in several pieces.
    package var parts: [RangeChecksum] = []
    /// Everything the agent's log held when it answered last, the 64 newest ranges.
    package var held: [LogRange] = []
    /// False when some of what the agent holds could not be read there.
    package var isComplete = true

    package init() {}
}
