// What a byte may be in a name that is written without quotes.
extension UInt8 {
    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// The first byte of a metric's name.
    var isNameStart: Bool { isNamePart && !isDigit }

    /// A further byte of a metric's name; in names of labels all but the colon.
    var isNamePart: Bool {
        (self | 0x20) &- UInt8(ascii: "a") < 26 || isDigit || self == UInt8(ascii: "_") || self == UInt8(ascii: ":")
    }
}

extension String.UTF8View {
    /// Whether it can be written as the name of a metric, or of a label, without quotes.
    func isPlainName(colons: Bool) -> Bool {
        guard let first, first.isNameStart else { return false }
        return allSatisfy { $0.isNamePart && (colons || $0 != UInt8(ascii: ":")) }
    }
}
