import Yams

/// Refuses the one construction whose cost the YAML parser does not bound: keys that are lists, mappings or aliases
/// in a file that has aliases. The parser compares keys by their whole content, which nested aliases make
/// exponential.
///
/// It parses the text once with every `*` replaced by a character that means nothing, so that there is no alias to
/// follow, and looks at the keys of that tree. Lines and columns stay as they are.
enum AliasGuard {
    /// What must not be parsed, with its position; `nil` when the text is safe. Throws what the parser throws.
    static func danger(in text: String) throws -> (position: SourcePosition, message: String)? {
        guard text.utf8.contains(UInt8(ascii: "*")) else { return nil }
        var tame = String.UnicodeScalarView()
        tame.append(contentsOf: text.unicodeScalars.lazy.map { $0 == "*" ? placeholder : $0 })
        guard let root = try Yams.compose(yaml: String(tame), .basic) else { return nil }
        var rest = [root]
        while let node = rest.popLast() {
            switch node {
            case .scalar(let scalar):
                guard isAlias(scalar), let position = node.position else { continue }
                guard scalar.string.unicodeScalars.dropFirst().allSatisfy(isNameCharacter) else {
                    return (position, "a text that begins with * must stand between quotes")
                }
            case .mapping(let mapping):
                for (key, value) in mapping {
                    guard let scalar = key.scalar, !isAlias(scalar) else {
                        let position = key.position ?? SourcePosition(line: 1, column: 1)
                        return (position, "expected a word as key, found a list, a mapping or an alias")
                    }
                    rest.append(value)
                }
            case .sequence(let sequence):
                rest += sequence
            case .alias:
                continue
            }
        }
        return nil
    }

    /// From the private use area, so that it stands in no other key of the file.
    private static let placeholder: Unicode.Scalar = "\u{e000}"

    private static func isAlias(_ scalar: Node.Scalar) -> Bool {
        scalar.style == .plain && scalar.string.unicodeScalars.first == placeholder
    }

    private static func isNameCharacter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "a"..."z", "A"..."Z", "0"..."9", "_", "-": true
        default: false
        }
    }
}
