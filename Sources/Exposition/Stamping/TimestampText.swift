/// A time as the readers of a format want it written.
enum TimestampText {
    /// The bytes to put behind a sample's value: a space and the time.
    static func bytes(milliseconds: Int64, format: ContentType) -> [UInt8] {
        var text: [UInt8] = [0x20]
        if format == .openMetrics {
            appendSeconds(milliseconds, to: &text)
        } else {
            // Prometheus refuses a whole body of text for one negative timestamp.
            text.append(contentsOf: String(max(0, milliseconds)).utf8)
        }
        return text
    }

    /// Writes seconds with three decimals, or four where three would be read back as another millisecond.
    ///
    /// Prometheus cuts `seconds × 1000` to an integer, and for some times that product falls just short. A tenth of a
    /// millisecond more keeps it above, and is still the same millisecond to a reader that rounds.
    private static func appendSeconds(_ milliseconds: Int64, to text: inout [UInt8]) {
        let magnitude = milliseconds.magnitude
        if milliseconds < 0 { text.append(UInt8(ascii: "-")) }
        text.append(contentsOf: String(magnitude / 1000).utf8)
        text.append(UInt8(ascii: "."))
        let fraction = magnitude % 1000
        text.append(UInt8(ascii: "0") + UInt8(fraction / 100))
        text.append(UInt8(ascii: "0") + UInt8(fraction / 10 % 10))
        text.append(UInt8(ascii: "0") + UInt8(fraction % 10))
        // Above 2^53 a double holds no milliseconds anyway.
        if magnitude < 1 << 53, UInt64(Double(magnitude) / 1000 * 1000) != magnitude {
            text.append(UInt8(ascii: "1"))
        }
    }
}
