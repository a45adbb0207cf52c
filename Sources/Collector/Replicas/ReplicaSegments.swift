import ScrapeLog

/// What a replica holds at one moment, and what of the rest may still come: what a pass over the history needs to know
/// before it reads anything.
struct ReplicaSegments: Sendable {
    /// A place in the log: epochs by their order, then bytes.
    struct Place: Sendable, Hashable, Comparable {
        var order: UInt64
        var offset: UInt64

        static func < (one: Place, other: Place) -> Bool {
            (one.order, one.offset) < (other.order, other.offset)
        }
    }

    /// In order.
    let segments: [HeldSegment]
    /// Where they were asked for; where the first one begins, when that place is not known.
    let start: Place
    /// Segments before which bytes are missing, whether they may come or not.
    private let torn: Set<Place>
    /// Segments before which bytes of their epoch are missing that nobody has said will not come.
    private let behindHoles: Set<Place>
    /// What the agent holds and has not sent.
    private let expected: [(from: Place, to: Place)]
    /// Epochs whose end is not known, because they went on after the agent had said what it holds; with their last arrival.
    private let unended: [UInt64: Int64]
    private let knowledge: ExpectedBytes.Knowledge
    private let now: Int64

    /// How long after its last bytes an epoch's end is waited for when a newer one has begun, milliseconds.
    static let grace: Int64 = 30_000

    /// - Parameter now: milliseconds since the Unix epoch, by the clock that dates arrivals.
    init(_ log: ReplicaLog, _ expected: ExpectedBytes, behind epoch: UInt64?, _ offset: UInt64, now: Int64) {
        segments = log.segments(behind: epoch, offset)
        var behindHoles: Set<Place> = []
        let order = epoch.flatMap { log.order(of: $0) }
        start = Place(
            order: order ?? segments.first?.order ?? 0, offset: order == nil ? segments.first?.start ?? 0 : offset)
        var torn: Set<Place> = []
        var before = epoch.map { (epoch: $0, offset: offset) }
        for segment in segments {
            if let before, before.epoch == segment.epoch, before.offset < segment.start {
                let hole = LogRange(epoch: segment.epoch, from: before.offset, to: segment.start)
                if !log.missing(from: hole).isEmpty {
                    behindHoles.insert(Place(order: segment.order, offset: segment.start))
                }
            }
            if let before, before != (segment.epoch, segment.start),
                before.epoch == segment.epoch || log.isCutShort(before.epoch, behind: before.offset)
            {
                torn.insert(Place(order: segment.order, offset: segment.start))
            }
            before = (segment.epoch, segment.end)
        }
        self.torn = torn
        self.behindHoles = behindHoles
        var parts: [(from: Place, to: Place)] = []
        var unended: [UInt64: Int64] = [:]
        for range in expected.missing.ranges {
            guard let order = log.order(of: range.epoch) else { continue }
            if range.to == .max {
                let arrived = segments.last { $0.epoch == range.epoch }?.arrived ?? 0
                unended[order] = max(arrived, expected.saidAt)
            } else {
                parts.append((Place(order: order, offset: range.from), Place(order: order, offset: range.to)))
            }
        }
        self.expected = parts
        self.unended = unended
        knowledge = expected.knowledge(at: now)
        self.now = now
    }

    /// Whether bytes before a segment are missing.
    func isTorn(before segment: HeldSegment) -> Bool {
        let start = Place(order: segment.order, offset: segment.start)
        if torn.contains(start) { return true }
        guard let before = segments.last(where: { Self.end(of: $0) <= start }) else { return false }
        return isExpected(between: Self.end(of: before), and: start)
    }

    private func isExpected(between place: Place, and start: Place) -> Bool {
        expected.contains { $0.to > place && $0.from < start }
    }

    private static func end(of segment: HeldSegment) -> Place { Place(order: segment.order, offset: segment.end) }

    /// Whether bytes between a place that was read to and a segment may still come.
    func mayCome(between place: Place, and segment: HeldSegment) -> Bool {
        let start = Place(order: segment.order, offset: segment.start)
        guard place < start else { return false }
        let isBehindHole = behindHoles.contains(start)
        switch knowledge {
        case .none: return isBehindHole || place.order != segment.order
        case .forgotten: if isBehindHole { return true }
        case .said: break
        }
        if isExpected(between: place, and: start) { return true }
        return unended.contains { $0.key >= place.order && $0.key < segment.order && now - $0.value < Self.grace }
    }
}
