import Yams

extension Node {
    /// Where the node begins.
    var position: SourcePosition? {
        mark.map { SourcePosition(line: $0.line, column: $0.column) }
    }

    /// Whether it is YAML's null: nothing, `~` or `null`, not between quotes.
    var isNothing: Bool {
        guard let scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    /// What a person would call it, for "found …".
    var kind: String {
        switch self {
        case .scalar(let scalar): isNothing ? "nothing" : Quotation.quote(scalar.string)
        case .mapping: "a mapping"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
