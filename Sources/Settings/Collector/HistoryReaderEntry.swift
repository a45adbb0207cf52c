import Yams

/// A reader of history: a Prometheus that gets every scrape since it last read, and whose place is remembered.
package struct HistoryReaderEntry: Sendable, Hashable {
    /// What it calls itself in `?history=NAME`.
    package var name: String
    /// Whether each address it reads from has a place of its own (`key: address`), as two Prometheis with one
    /// configuration need.
    package var isKeyedByAddress = false
    /// Milliseconds; older scrapes are not given to it.
    package var maxAge: Int64 = 55 * 60_000

    /// A reader from all its parts.
    package init(name: String, isKeyedByAddress: Bool = false, maxAge: Int64 = 55 * 60_000) {
        self.name = name
        self.isKeyedByAddress = isKeyedByAddress
        self.maxAge = maxAge
    }

    /// As many readers can be declared.
    package static let maximumCount = 16

    /// The `history` section.
    static func readList(_ reader: MappingReader?) -> [HistoryReaderEntry] {
        guard let reader else { return [] }
        defer { reader.finish() }
        guard let list = reader.list("readers", of: "readers, each with a name") else { return [] }
        guard list.value.count <= maximumCount else {
            reader.reject(
                "readers", at: list.position, expected: "at most \(maximumCount)", found: "\(list.value.count)")
            return []
        }
        var entries: [HistoryReaderEntry] = []
        var lines: [String: Int] = [:]
        for element in reader.elements(of: list, name: "reader") {
            guard let (entry, name) = read(element) else { continue }
            if let first = lines[entry.name] {
                reader.log.add(
                    .conflict, at: name.position,
                    "name: reader \(Quotation.quote(entry.name)) is listed twice, first in line \(first): remove one")
            }
            lines[entry.name] = lines[entry.name] ?? name.position.line
            entries.append(entry)
        }
        return entries
    }

    private static func read(_ reader: MappingReader) -> (HistoryReaderEntry, Located<String>)? {
        let name = AgentEntry.readName(reader)
        var entry = HistoryReaderEntry(name: name?.value ?? "")
        if let key = reader.string("key", expected: "address") {
            entry.isKeyedByAddress = key.value == "address"
            if !entry.isKeyedByAddress {
                reader.reject(
                    "key", at: key.position, expected: "address, or no key for one reader under this name",
                    found: Quotation.quote(key.value))
            }
        }
        if let age = reader.duration("max_age") {
            entry.maxAge = age.value
            if age.value <= 0 {
                reader.reject(
                    "max_age", at: age.position, expected: "a duration greater than 0 such as 55m", found: "0")
            }
        }
        reader.finish()
        guard let name else { return nil }
        return (entry, name)
    }
}
