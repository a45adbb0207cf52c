/// Counts what was ignored, by reason; shared by everything in a registry.
final class MisuseLedger: Sendable {
    private let counts = AtomicCells(count: MisuseReason.allCases.count)

    func record(_ reason: MisuseReason) {
        counts.increment(Self.index(of: reason))
    }

    func count(_ reason: MisuseReason) -> UInt64 {
        counts.value(Self.index(of: reason))
    }

    private static func index(of reason: MisuseReason) -> Int {
        MisuseReason.allCases.firstIndex(of: reason) ?? 0
    }
}
