/// Sizes in bytes as Prometheus writes them: `64MiB`, `1.5GB`, always base 2; a number alone is bytes.
package enum ByteSize {
    private static let prefixes = ["", "K", "M", "G", "T", "P", "E"]

    /// `text` in bytes; `nil` when it is no size or more than 2^64 − 1.
    package static func bytes(_ text: String) -> UInt64? {
        let utf8 = Array(text.utf8)
        let whole = utf8.prefix(while: isDigit)
        var rest = utf8[whole.endIndex...]
        var fraction = ArraySlice<UInt8>()
        if rest.first == UInt8(ascii: ".") {
            fraction = rest.dropFirst().prefix(while: isDigit)
            rest = rest[fraction.endIndex...]
            guard !fraction.isEmpty else { return nil }
        }
        guard !whole.isEmpty, let count = UInt64(String(decoding: whole, as: UTF8.self)), fraction.count <= 9,
            let shift = shift(of: String(decoding: rest, as: UTF8.self))
        else { return nil }
        let (base, overflow) = count.multipliedReportingOverflow(by: 1 << shift)
        guard !overflow else { return nil }
        guard !fraction.isEmpty else { return base }
        guard shift > 0, let parts = UInt64(String(decoding: fraction, as: UTF8.self)) else { return nil }
        let scale = (0..<fraction.count).reduce(UInt64(1)) { scale, _ in scale * 10 }
        // parts < scale, so the quotient fits whatever the shift.
        let product = parts.multipliedFullWidth(by: 1 << shift)
        let extra = scale.dividingFullWidth(product).quotient
        let (sum, tooMuch) = base.addingReportingOverflow(extra)
        return tooMuch ? nil : sum
    }

    /// `bytes` with the greatest unit that keeps it whole, such as `64MiB`.
    package static func text(_ bytes: UInt64) -> String {
        guard bytes > 0 else { return "0B" }
        let power = min(bytes.trailingZeroBitCount / 10, prefixes.count - 1)
        let unit = power == 0 ? "B" : prefixes[power] + "iB"
        return "\(bytes >> (10 * UInt64(power)))\(unit)"
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

    private static func shift(of unit: String) -> UInt64? {
        if unit.isEmpty || unit == "B" { return 0 }
        guard
            let power = prefixes.indices.dropFirst().first(where: {
                unit == prefixes[$0] + "B" || unit == prefixes[$0] + "iB"
            })
        else { return nil }
        return 10 * UInt64(power)
    }
}
