/// Durations as Prometheus writes them: `1y2w3d4h5m6s7ms`, in that order, each part once, `0` alone without a unit.
package enum PrometheusDuration {
    private static let units: [(name: String, milliseconds: Int64)] = [
        ("y", 365 * 86_400_000), ("w", 7 * 86_400_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000),
        ("ms", 1),
    ]

    /// The greatest duration Prometheus can hold, in milliseconds: 2^63 − 1 nanoseconds.
    private static let maximum = Int64.max / 1_000_000

    /// `text` in milliseconds; `nil` when it is no duration or too long for Prometheus.
    package static func milliseconds(_ text: String) -> Int64? {
        if text == "0" { return 0 }
        var rest = Array(text.utf8)[...]
        guard !rest.isEmpty else { return nil }
        var total: Int64 = 0
        var next = 0
        while !rest.isEmpty {
            let digits = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard !digits.isEmpty, let count = Int64(String(decoding: digits, as: UTF8.self)) else { return nil }
            rest = rest[digits.endIndex...]
            let name = rest.prefix { $0 >= UInt8(ascii: "a") && $0 <= UInt8(ascii: "z") }
            rest = rest[name.endIndex...]
            guard let unit = units[next...].firstIndex(where: { name.elementsEqual($0.name.utf8) }) else { return nil }
            let (part, tooMany) = count.multipliedReportingOverflow(by: units[unit].milliseconds)
            let (sum, tooMuch) = total.addingReportingOverflow(part)
            guard !tooMany, !tooMuch, sum <= maximum else { return nil }
            total = sum
            next = unit + 1
        }
        return total
    }

    /// A duration of `milliseconds` as Prometheus prints it: years and weeks only when they are exact.
    package static func text(_ milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "0s" }
        var rest = milliseconds
        var text = ""
        for (name, length) in units {
            if name == "y" || name == "w", rest % length != 0 { continue }
            let count = rest / length
            if count > 0 { text += "\(count)\(name)" }
            rest %= length
        }
        return text
    }
}
