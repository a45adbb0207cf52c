/// The samples of one scrape that bring a time of their own: which series, which time.
///
/// Owns a copy of their names, so that the next scrape's can be compared with them when the body is gone. Scrapes of a
/// target look alike: each sample is first looked for behind the one found last.
struct OwnTimes {
    private struct Entry {
        var name: Range<Int>
        var time: Int64
    }

    private var names: [UInt8] = []
    private var entries: [Entry] = []
    private var next = 0
    /// Made when a sample is not where it was.
    private var index: [UInt64: Int]?

    mutating func removeAll() {
        names.removeAll(keepingCapacity: true)
        entries.removeAll(keepingCapacity: true)
        next = 0
        index = nil
    }

    mutating func add(_ series: Range<Int>, of body: Span<UInt8>, at time: Int64) {
        let start = names.count
        body.extracting(series).withUnsafeBufferPointer { names.append(contentsOf: $0) }
        entries.append(Entry(name: start..<names.count, time: time))
        index = nil
    }

    /// Whether this series had this time.
    mutating func contains(_ series: Range<Int>, of body: Span<UInt8>, at time: Int64) -> Bool {
        guard !entries.isEmpty else { return false }
        if next < entries.count, isSame(entries[next], series, body, time) {
            next += 1
            return true
        }
        if index == nil { index = makeIndex() }
        guard let found = index?[Self.hash(series, body, time)], isSame(entries[found], series, body, time) else {
            // A series whose time has moved stands where it stood.
            if next < entries.count { next += 1 }
            return false
        }
        next = found + 1
        return true
    }

    private func makeIndex() -> [UInt64: Int] {
        var index: [UInt64: Int] = [:]
        index.reserveCapacity(entries.count)
        for (place, entry) in entries.enumerated() {
            let hash = Self.hash(entry.name, names.span, entry.time)
            if index[hash] == nil { index[hash] = place }
        }
        return index
    }

    private func isSame(_ entry: Entry, _ series: Range<Int>, _ body: Span<UInt8>, _ time: Int64) -> Bool {
        guard entry.time == time, entry.name.count == series.count else { return false }
        for offset in 0..<series.count
        where names[entry.name.lowerBound + offset] != body[series.lowerBound + offset] {
            return false
        }
        return true
    }

    /// FNV-1a.
    private static func hash(_ series: Range<Int>, _ body: Span<UInt8>, _ time: Int64) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325 ^ UInt64(bitPattern: time)
        for place in series { hash = (hash ^ UInt64(body[place])) &* 0x100_0000_01B3 }
        return hash
    }
}
