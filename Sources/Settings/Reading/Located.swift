/// A value read from a file, with where it stands and where the key stands that gave it.
struct Located<Value> {
    var value: Value
    var position: SourcePosition
    var key: SourcePosition

    func with<Other>(_ other: Other) -> Located<Other> {
        Located<Other>(value: other, position: position, key: key)
    }
}

extension Located: Sendable where Value: Sendable {}
