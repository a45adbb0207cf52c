import ScrapeCodec
import ScrapeLog
import Synchronization

/// What has been found out about an agent's segments, so that it is not found out for every target and reader again.
/// Thread-safe.
///
/// Owns target tables and dictionaries, both of the segments that were used last, up to their limits.
final class HistoryCache: Sendable {
    /// Of all target tables and of all dictionaries together, bytes. The ones in use stay whatever they cost.
    struct Limits: Sendable {
        var tables = 48 << 20
        var dictionaries = 80 << 20
    }

    private struct Entry<Value> {
        var value: Value
        var used: UInt64
    }

    private struct State {
        var tables: [SegmentKey: Entry<SegmentTargets>] = [:]
        var dictionaries: [SegmentKey: Entry<SegmentDictionary>] = [:]
        var index: (segment: HeldSegment, index: SegmentIndex)?
        var clock: UInt64 = 0
    }

    private let agent: String
    private let limits: Limits
    private let state = Mutex(State())

    init(agent: String, limits: Limits = Limits()) {
        self.agent = agent
        self.limits = limits
    }

    func targets(of segment: HeldSegment) -> SegmentTargets {
        state.withLock { state in
            state.clock += 1
            let key = SegmentKey(segment)
            let targets = state.tables[key]?.value ?? SegmentTargets(agent: agent)
            state.tables[key] = Entry(value: targets, used: state.clock)
            return targets
        }
    }

    func dictionary(of segment: HeldSegment) -> SegmentDictionary {
        state.withLock { state in
            state.clock += 1
            let key = SegmentKey(segment)
            let dictionary = state.dictionaries[key]?.value ?? SegmentDictionary()
            state.dictionaries[key] = Entry(value: dictionary, used: state.clock)
            return dictionary
        }
    }

    /// What is where in a segment whose positions the replica has forgotten: the last one asked for is kept.
    func index(of segment: HeldSegment, reading bytes: SegmentBytes) throws(ScrapeLogError) -> SegmentIndex {
        if let known = state.withLock({ $0.index }), known.segment == segment { return known.index }
        let index = try bytes.index(to: segment.end)
        state.withLock { $0.index = (segment, index) }
        return index
    }

    /// Forgets segments that are gone.
    func forget(_ segments: [HeldSegment]) {
        for segment in segments {
            let dictionary = state.withLock { state in
                if let known = state.index, SegmentKey(known.segment) == SegmentKey(segment) { state.index = nil }
                state.tables[SegmentKey(segment)] = nil
                return state.dictionaries.removeValue(forKey: SegmentKey(segment))?.value
            }
            dictionary?.giveUp()
        }
    }

    /// Lets go what was used longest ago, down to the limits.
    func trim() {
        let gone = state.withLock { state in
            _ = Self.trim(&state.tables, to: limits.tables) { $0.cost }
            return Self.trim(&state.dictionaries, to: limits.dictionaries) { $0.cost }
        }
        for dictionary in gone { dictionary.giveUp() }
    }

    private static func trim<Value>(
        _ entries: inout [SegmentKey: Entry<Value>], to limit: Int, cost: (Value) -> Int
    ) -> [Value] {
        guard entries.count > 1 else { return [] }
        var total = entries.values.reduce(0) { $0 + cost($1.value) }
        var gone: [Value] = []
        while total > limit, entries.count > 1, let oldest = entries.min(by: { $0.value.used < $1.value.used }) {
            total -= cost(oldest.value.value)
            entries[oldest.key] = nil
            gone.append(oldest.value.value)
        }
        return gone
    }

    /// What it costs in memory, bytes.
    var cost: Int {
        state.withLock { state in
            state.tables.values.reduce(0) { $0 + $1.value.cost }
                + state.dictionaries.values.reduce(0) { $0 + $1.value.cost }
        }
    }
}
