/// Writes the value of a sample as Prometheus and its Go libraries do.
///
/// Owns the layout: shortest digits, with an exponent from 10^6 on and below 10^-4. Minus zero is written `0`, as they
/// do, so its sign is the one thing that does not read back.
package enum SampleText {
    /// Appends the text of a value: `0`, `0.25`, `100000`, `1e+06`, `1.5e-05`, `NaN`, `+Inf`, `-Inf`.
    ///
    /// - Parameter openMetrics: whether numbers without point or exponent get `.0`.
    package static func append(_ value: Double, openMetrics: Bool, to output: inout [UInt8]) {
        guard value.isFinite, value != 0 else {
            let word: StaticString =
                if value.isNaN { "NaN" } else if value == 0 { openMetrics ? "0.0" : "0" } else {
                    value > 0 ? "+Inf" : "-Inf"
                }
            word.withUTF8Buffer { output.append(contentsOf: $0) }
            return
        }
        let decimal = ShortestDecimal(value.magnitude)
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: DecimalLayout.capacity) { text in
            var layout = DecimalLayout(text)
            if value < 0 { layout.put(UInt8(ascii: "-")) }
            layout.put(decimal, openMetrics: openMetrics)
            output.append(contentsOf: UnsafeBufferPointer(rebasing: text[..<layout.count]))
        }
    }
}
