/// Finds where a key stands a second time. The YAML parser tells only where it stands first.
enum DuplicateKey {
    /// The next place after `first` where `key` begins an entry at the same depth; `nil` when the layout hides it.
    static func second(_ key: String, after first: SourcePosition, in text: String) -> SourcePosition? {
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        guard first.line >= 1, first.line <= lines.count, first.column >= 1 else { return nil }
        let line = lines[first.line - 1]
        let rest = line.dropFirst(first.column)
        if let offset = offset(of: key, in: Array(rest)) {
            return SourcePosition(line: first.line, column: first.column + offset + 1)
        }
        for (index, line) in lines.enumerated().dropFirst(first.line) {
            let indent = line.prefix { $0 == " " }.count
            let content = line.dropFirst(indent)
            guard let start = content.first, start != "#", start != "\r" else { continue }
            if indent + 1 < first.column { return nil }
            if indent + 1 == first.column, begins(Array(content), with: key) {
                return SourcePosition(line: index + 1, column: first.column)
            }
        }
        return nil
    }

    /// Whether an entry `key:` begins here, quoted or not.
    private static func begins(_ content: [Unicode.Scalar], with key: String) -> Bool {
        for spelling in [key, "\"\(key)\"", "'\(key)'"] {
            let scalars = Array(spelling.unicodeScalars)
            guard content.starts(with: scalars) else { continue }
            if content.dropFirst(scalars.count).first(where: { $0 != " " }) == ":" { return true }
        }
        return false
    }

    /// Where on the rest of a line the entry begins, for mappings written between braces.
    private static func offset(of key: String, in content: [Unicode.Scalar]) -> Int? {
        content.indices.first { index in
            guard index > 0, content[index - 1] == " " || content[index - 1] == "," else { return false }
            return begins(Array(content[index...]), with: key)
        }
    }
}
