import Yams

/// One mapping of a settings file while it is read.
///
/// Every key is asked for once, by the type it must have; a key that is absent or null gives `nil`, and so does a wrong
/// one, after the problem was added. `finish` reports the keys that nobody asked for. The owner is the function that
/// reads the mapping; nothing keeps it.
final class MappingReader {
    /// What a person calls the mapping, such as `tls_config`.
    let name: String
    /// Where the mapping begins.
    let position: SourcePosition
    let log: ProblemLog
    private var entries: [String: (key: SourcePosition, value: Node)] = [:]
    private var order: [String] = []
    private var known: [String] = []

    /// `nil`, after adding a problem, when `node` is no mapping.
    init?(_ node: Node, name: String, key: SourcePosition, log: ProblemLog) {
        self.name = name
        self.position = node.position ?? key
        self.log = log
        guard let mapping = node.mapping else {
            log.add(.wrongType, at: node.position ?? key, "\(name): expected a mapping, found \(node.kind)")
            return nil
        }
        take(mapping, depth: 0)
    }

    /// Adds the pairs of `mapping`; keys that are there already win over merged ones.
    private func take(_ mapping: Node.Mapping, depth: Int) {
        guard log.spend(mapping.count + 1, at: position) else { return }
        var merges: [Node] = []
        for (key, value) in mapping {
            let place = key.position ?? position
            guard let word = key.scalar else {
                log.add(.wrongType, at: place, "\(name): expected a word as key, found \(key.kind)")
                continue
            }
            if word.string == "<<", word.style == .plain {
                merges.append(value)
            } else if entries[word.string] == nil {
                entries[word.string] = (place, value)
                order.append(word.string)
            }
        }
        for node in merges {
            guard depth < 16 else { return }
            for source in node.sequence.map(Array.init) ?? [node] {
                if let mapping = source.mapping {
                    take(mapping, depth: depth + 1)
                } else {
                    log.add(
                        .wrongType, at: source.position ?? position,
                        "<<: expected a mapping to merge, found \(source.kind)")
                }
            }
        }
    }

    /// The keys in the order of the file, each with its position.
    var keys: [(name: String, position: SourcePosition)] {
        order.compactMap { key in entries[key].map { (key, $0.key) } }
    }

    /// Whether the key is there with a value that is not null.
    func has(_ key: String) -> Bool {
        entries[key].map { !$0.value.isNothing } ?? false
    }

    /// Where the key stands, when it is there at all, null or not.
    func position(of key: String) -> SourcePosition? { entries[key]?.key }

    /// Passes over keys that are somebody else's; those of them that are there.
    func skip(_ keys: [String]) -> [String] {
        known += keys.filter { !known.contains($0) }
        return keys.filter { entries[$0] != nil }
    }

    /// The node of a key that is not null; the key counts as asked for.
    func node(_ key: String) -> Located<Node>? {
        if !known.contains(key) { known.append(key) }
        guard let (place, value) = entries[key], !value.isNothing else { return nil }
        return Located(value: value, position: value.position ?? place, key: place)
    }

    /// Adds that `key` must be there.
    func missing(_ key: String, expected: String) {
        let place = entries[key]?.key ?? position
        log.add(.missingKey, at: place, "\(name): \(key) is missing: expected \(expected)")
    }

    /// Adds what is wrong with the value of `key`.
    func reject(_ key: String, at position: SourcePosition, expected: String, found: String) {
        log.add(.invalidValue, at: position, "\(key): expected \(expected), found \(found)")
    }

    /// Reports every key nobody asked for: with the sentence that `advice` has for it, else as unknown.
    func finish(advice: (String) -> String? = { _ in nil }) {
        for (key, place) in keys where !known.contains(key) {
            if log.isFull { return }
            if let sentence = advice(key) {
                log.add(.unsupported, at: place, sentence)
                continue
            }
            var message = "\(name): unknown key \(Quotation.quote(key))"
            if let near = Suggestion.nearest(to: key, among: known) {
                message += ", did you mean \(near)?"
            } else {
                message += ", expected \(known.isEmpty ? "none" : known.joined(separator: ", "))"
            }
            log.add(.unknownKey, at: place, message)
        }
    }
}
