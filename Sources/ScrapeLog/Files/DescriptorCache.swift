/// A few open files by name, so that reading and writing a log of many segments does not run out of descriptors.
struct DescriptorCache: Sendable {
    private let limit: Int
    /// Least recently used first.
    private var entries: [(name: String, file: Descriptor)] = []

    init(limit: Int) { self.limit = max(1, limit) }

    mutating func insert(_ file: Descriptor, as name: String) {
        remove(name)
        if entries.count >= limit { entries.removeFirst() }
        entries.append((name, file))
    }

    mutating func remove(_ name: String) { entries.removeAll { $0.name == name } }

    mutating func file(
        _ name: String, orOpen open: (String) throws(ScrapeLogError) -> Descriptor
    ) throws(ScrapeLogError) -> Descriptor {
        if let index = entries.lastIndex(where: { $0.name == name }) {
            if index != entries.count - 1 { entries.append(entries.remove(at: index)) }
            return entries[entries.count - 1].file
        }
        let file = try open(name)
        insert(file, as: name)
        return file
    }
}
