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
    package func contains(_ range: LogRange) -> Bool { firstMissing(from: range) == nil }

    /// The first of the parts that `missing` gives.
    package func firstMissing(from range: LogRange) -> LogRange? {
        guard range.count > 0 else { return nil }
        var from = range.from
        if let list = spans[range.epoch] {
            var index = list.partitioningIndex { $0.upperBound > from }
            if index < list.count, list[index].lowerBound <= from {
                from = list[index].upperBound
                index += 1
            }
            guard from < range.to else { return nil }
            let to = index < list.count ? min(list[index].lowerBound, range.to) : range.to
            return LogRange(epoch: range.epoch, from: from, to: to)
        }
        return range
    }

    /// Where the range of the set begins that ends at `offset`; nil when none ends there.
    package func start(ofRangeEndingAt offset: UInt64, epoch: UInt64) -> UInt64? {
        guard let list = spans[epoch] else { return nil }
        let index = list.partitioningIndex { $0.upperBound >= offset }
        return index < list.count && list[index].upperBound == offset ? list[index].lowerBound : nil
    }

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
