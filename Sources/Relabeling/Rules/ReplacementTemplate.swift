/// A text with `$1`, `${1}`, `$name` and `${name}` in it, which a match fills in, by the rules of Go's `Regexp.Expand`.
///
/// A name is the longest run of letters, digits and underscores: `$1x` is the group `1x`. `$$` is a dollar; what is no
/// reference stands for itself; a group that is not there is empty.
struct ReplacementTemplate: Sendable, Hashable {
    enum Part: Sendable, Hashable {
        case text(String)
        case number(Int)
        case name(String)
    }

    let text: String
    let parts: [Part]

    init(_ text: String) {
        self.text = text
        var parts: [Part] = []
        var plain = ""
        var rest = text.unicodeScalars[...]
        while let scalar = rest.popFirst() {
            guard scalar == "$" else {
                plain.unicodeScalars.append(scalar)
                continue
            }
            if rest.first == "$" {
                rest.removeFirst()
                plain += "$"
            } else if let name = Self.name(&rest) {
                if !plain.isEmpty { parts.append(.text(plain)) }
                plain = ""
                parts.append(Self.number(name).map { .number($0) } ?? .name(name))
            } else {
                plain += "$"
            }
        }
        if !plain.isEmpty { parts.append(.text(plain)) }
        self.parts = parts
    }

    /// Whether anything in it depends on a match.
    var hasReferences: Bool { text.utf8.contains(UInt8(ascii: "$")) }

    /// Takes the name behind a dollar; takes nothing when there is none.
    private static func name(_ rest: inout Substring.UnicodeScalarView) -> String? {
        var after = rest
        let isBraced = after.first == "{"
        if isBraced { after.removeFirst() }
        let name = after.prefix { $0 == "_" || isLetterOrDigit($0) }
        guard !name.isEmpty else { return nil }
        after = after.dropFirst(name.count)
        if isBraced {
            guard after.first == "}" else { return nil }
            after.removeFirst()
        }
        rest = after
        return String(name)
    }

    /// Go's `unicode.IsLetter` and `unicode.IsDigit`.
    private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber: true
        default: false
        }
    }

    /// A name of digits without a leading zero is a number.
    private static func number(_ name: String) -> Int? {
        guard name.utf8.count <= 9, name.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            name.utf8.first != UInt8(ascii: "0") || name.utf8.count == 1
        else { return nil }
        return Int(name)
    }

    func expand(_ match: PatternMatch, of pattern: Pattern) -> String {
        var result = ""
        for part in parts {
            switch part {
            case .text(let text): result += text
            case .number(let number): if number < match.groups.count { result += match.groups[number] ?? "" }
            case .name(let name):
                if let number = pattern.group(named: name), number < match.groups.count {
                    result += match.groups[number] ?? ""
                }
            }
        }
        return result
    }
}
