/// The label names of a family, ready to be joined with values.
///
/// Owns the order on the page (by name) and the text before each value.
struct LabelSchema: Sendable {
    let names: [String]
    /// For each label in the order of the page: which value it takes, and the text before it, such as `,method="`.
    private let parts: [(index: Int, prefix: [UInt8])]

    init(_ names: [String]) {
        self.names = names
        let sorted = names.indices.sorted { names[$0] < names[$1] }
        self.parts = sorted.enumerated().map { position, index in
            (index, Array((position == 0 ? "" : ",").utf8) + Array("\(names[index])=\"".utf8))
        }
    }

    /// The block for one value per name, in the order of `names`, or nil when their number differs.
    func block(_ values: [String]) -> LabelBlock? {
        guard values.count == names.count else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(parts.reduce(0) { $0 + $1.prefix.count + values[$1.index].utf8.count + 1 })
        for (index, prefix) in parts {
            bytes.append(contentsOf: prefix)
            TextFormat.appendLabelValue(values[index], to: &bytes)
            bytes.append(UInt8(ascii: "\""))
        }
        return LabelBlock(bytes: bytes)
    }
}
