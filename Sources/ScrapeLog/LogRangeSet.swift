/// A set of positions: which bytes of which epochs somebody holds, has acknowledged, or will never get.
///
/// Kept as sorted, disjoint, non-touching ranges per epoch.
package struct LogRangeSet: Sendable, Hashable {
    private var spans: [UInt64: [Range<UInt64>]] = [:]

    package init() {}

    package init(_ ranges: some Sequence<LogRange>) {
        for range in ranges { insert(range) }
    }

    package var isEmpty: Bool { spans.isEmpty }

    /// How many separate ranges there are.
    package var count: Int { spans.values.reduce(0) { $0 + $1.count } }

    package var epochs: some Collection<UInt64> { spans.keys }

    /// Every range, by epoch number, then by offset.
    package var ranges: [LogRange] { spans.keys.sorted().flatMap { ranges(of: $0) } }

    /// The ranges of one epoch, by offset.
    package func ranges(of epoch: UInt64) -> [LogRange] {
        (spans[epoch] ?? []).map { LogRange(epoch: epoch, from: $0.lowerBound, to: $0.upperBound) }
    }

    package mutating func insert(_ range: LogRange) {
        guard range.count > 0 else { return }
        var list = spans[range.epoch] ?? []
        let first = list.partitioningIndex { $0.upperBound >= range.from }
        let last = list.partitioningIndex { $0.lowerBound > range.to }
        var merged = range.from..<range.to
        if first < last {
            merged = min(range.from, list[first].lowerBound)..<max(range.to, list[last - 1].upperBound)
        }
        list.replaceSubrange(first..<last, with: CollectionOfOne(merged))
        spans[range.epoch] = list
    }

    package mutating func remove(_ range: LogRange) {
        guard range.count > 0, let list = spans[range.epoch] else { return }
        var kept: [Range<UInt64>] = []
        for span in list {
            if span.lowerBound < range.from { kept.append(span.lowerBound..<min(span.upperBound, range.from)) }
            if span.upperBound > range.to { kept.append(max(span.lowerBound, range.to)..<span.upperBound) }
        }
        spans[range.epoch] = kept.isEmpty ? nil : kept
    }

    /// Forgets whole epochs.
    package mutating func removeEpochs(where isUnwanted: (UInt64) -> Bool) {
        spans = spans.filter { !isUnwanted($0.key) }
    }

    package mutating func formUnion(_ other: LogRangeSet) {
        for (epoch, list) in other.spans {
            for span in list { insert(LogRange(epoch: epoch, from: span.lowerBound, to: span.upperBound)) }
        }
    }

    /// Whether every byte of the range is in the set; an empty range is.
    package func contains(_ range: LogRange) -> Bool { missing(from: range).isEmpty }

    /// The parts of `range` that are not in the set, by offset.
    package func missing(from range: LogRange) -> [LogRange] {
        guard range.count > 0 else { return [] }
        let list = spans[range.epoch] ?? []
        var parts: [LogRange] = []
        var next = range.from
        for span in list[list.partitioningIndex(where: { $0.upperBound > range.from })...] {
            if span.lowerBound >= range.to { break }
            if span.lowerBound > next { parts.append(LogRange(epoch: range.epoch, from: next, to: span.lowerBound)) }
            next = span.upperBound
        }
        if next < range.to { parts.append(LogRange(epoch: range.epoch, from: next, to: range.to)) }
        return parts
    }
}

extension Array {
    /// The first index whose element, and every later one, satisfies a condition that never turns false again.
    func partitioningIndex(where condition: (Element) -> Bool) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = low + (high - low) / 2
            if condition(self[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
