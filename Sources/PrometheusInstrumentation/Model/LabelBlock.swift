/// The labels of one series as they stand on the page, without braces: `code="200",method="GET"`.
///
/// Owns its bytes. Two series of a family are the same exactly if their blocks are equal.
struct LabelBlock: Sendable, Hashable, Comparable {
    var bytes: [UInt8]

    static let empty = LabelBlock(bytes: [])

    func hash(into hasher: inout Hasher) {
        bytes.withUnsafeBytes { hasher.combine(bytes: $0) }
    }

    static func < (left: LabelBlock, right: LabelBlock) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
