/// What a byte may be in a sample line. Non-ASCII bytes are none of these.
extension UInt8 {
    static var lineFeed: UInt8 { 0x0A }
    static var carriageReturn: UInt8 { 0x0D }

    /// A blank between tokens: space or tab.
    var isBlank: Bool { self == 0x20 || self == 0x09 }

    var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }

    /// The first byte of a metric or label name. `:` is taken in label names too: some readers take it.
    var isNameStart: Bool { isNamePart && !isDigit }

    /// A further byte of a name. One look at a bit map: most bytes of a body go through here.
    var isNamePart: Bool {
        // Bits 48–58 are the digits and `:`; of the upper half letters and `_`.
        let map: UInt64 = self < 64 ? 0x07FF_0000_0000_0000 : 0x07FF_FFFE_87FF_FFFE
        return self < 128 && (map &>> UInt64(self & 63)) & 1 == 1
    }

    /// The byte in lower case if it is an ASCII letter, else another byte that is no letter.
    var lowercased: UInt8 { self | 0x20 }
}
