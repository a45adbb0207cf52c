extension TimeText {
    /// A time as people give it, in milliseconds since the Unix epoch: seconds with or without a fraction, or RFC 3339.
    /// What is finer than a millisecond is cut. Nil for all else, and for times outside of the years 1970 to 9999.
    static func milliseconds(_ text: String) -> Int64? {
        var rest = Substring(text).utf8
        guard text.utf8.count <= 64, let seconds = number(&rest, 1...12) else { return nil }
        let time: Int64?
        if rest.first == UInt8(ascii: "-") {
            time = calendar(Substring(text).utf8)
        } else {
            time = fraction(&rest).flatMap { rest.isEmpty ? seconds * 1000 + $0 : nil }
        }
        return time.flatMap { (0..<253_402_300_800_000).contains($0) ? $0 : nil }
    }

    /// `2023-11-14T22:13:20.5Z`, `…+01:00`. A plus that came as a blank, as it does in URLs, is one.
    private static func calendar(_ text: Substring.UTF8View) -> Int64? {
        var rest = text
        guard let year = number(&rest, 4...4), take(&rest, "-"), let month = number(&rest, 2...2), take(&rest, "-"),
            let day = number(&rest, 2...2), take(&rest, "T") || take(&rest, "t") || take(&rest, " "),
            let hour = number(&rest, 2...2), take(&rest, ":"), let minute = number(&rest, 2...2), take(&rest, ":"),
            let second = number(&rest, 2...2), let fraction = fraction(&rest), let offset = offset(&rest), rest.isEmpty,
            (1...12).contains(month), (1...31).contains(day), hour < 24, minute < 60, second <= 60
        else { return nil }
        // Days since 1970-03-01 shifted, years beginning in March (Howard Hinnant's days_from_civil).
        let shifted = month > 2 ? year : year - 1
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return (days * 86_400 + hour * 3_600 + minute * 60 + second - offset) * 1000 + fraction
    }

    /// `Z` or `+01:00`, in seconds.
    private static func offset(_ rest: inout Substring.UTF8View) -> Int64? {
        if take(&rest, "Z") || take(&rest, "z") { return 0 }
        let isBehind = take(&rest, "-")
        guard isBehind || take(&rest, "+") || take(&rest, " "), let hours = number(&rest, 2...2), take(&rest, ":"),
            let minutes = number(&rest, 2...2), hours < 24, minutes < 60
        else { return nil }
        let offset = hours * 3_600 + minutes * 60
        return isBehind ? -offset : offset
    }

    /// A point and digits, or nothing, in milliseconds.
    private static func fraction(_ rest: inout Substring.UTF8View) -> Int64? {
        guard take(&rest, ".") else { return 0 }
        var milliseconds: Int64 = 0
        var count = 0
        while let byte = rest.first, (0x30...0x39).contains(byte) {
            if count < 3 { milliseconds = milliseconds * 10 + Int64(byte - 0x30) }
            count += 1
            rest = rest.dropFirst()
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { milliseconds *= 10 }
        return milliseconds
    }

    private static func number(_ rest: inout Substring.UTF8View, _ lengths: ClosedRange<Int>) -> Int64? {
        let digits = rest.prefix(lengths.upperBound).prefix { (0x30...0x39).contains($0) }
        guard lengths.contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        return digits.reduce(0) { $0 * 10 + Int64($1 - 0x30) }
    }

    private static func take(_ rest: inout Substring.UTF8View, _ byte: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: byte) else { return false }
        rest = rest.dropFirst()
        return true
    }
}
