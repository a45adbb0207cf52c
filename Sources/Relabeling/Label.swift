/// One label: a name and a value that is never empty. Two labels are equal when their bytes are (Swift's strings would
/// also call canonically equivalent texts equal, which Prometheus does not).
struct Label: Sendable, Hashable {
    var name: String
    var value: String

    static func == (left: Label, right: Label) -> Bool {
        left.name.utf8.elementsEqual(right.name.utf8) && left.value.utf8.elementsEqual(right.value.utf8)
    }

    func hash(into hasher: inout Hasher) {
        for byte in name.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xff))
        for byte in value.utf8 { hasher.combine(byte) }
        hasher.combine(UInt8(0xff))
    }
}
