/// A few open files by key, so that reading and writing a log of many segments does not run out of descriptors, and
/// that no name is put together for a file that is open.
struct DescriptorCache<Key: Hashable & Sendable>: Sendable {
    private let limit: Int
    /// Least recently used first.
    private var entries: [(key: Key, file: Descriptor)] = []

    init(limit: Int) { self.limit = max(1, limit) }

    mutating func insert(_ file: Descriptor, as key: Key) {
        remove(key)
        if entries.count >= limit { entries.removeFirst() }
        entries.append((key, file))
    }

    mutating func remove(_ key: Key) { entries.removeAll { $0.key == key } }

    mutating func file(
        _ key: Key, orOpen open: (Key) throws(ScrapeLogError) -> Descriptor
    ) throws(ScrapeLogError) -> Descriptor {
        if let index = entries.lastIndex(where: { $0.key == key }) {
            if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
            return entries[entries.count - 1].file
        }
        let file = try open(key)
        insert(file, as: key)
        return file
    }
}
