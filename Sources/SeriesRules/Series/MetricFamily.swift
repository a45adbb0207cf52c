import Exposition

/// What the TYPE line before a series says of it, as far as labels depend on it: Prometheus 3 writes `le` of histograms
/// and `quantile` of summaries as OpenMetrics writes numbers (`1` → `1.0`) before any rule sees them
/// (`normalizeFloatsInLabelValues` in its parsers). A TYPE line holds for all series up to the next.
enum MetricFamily: UInt8 {
    case other, histogram, summary

    /// - Parameter comment: a line that is no sample, without its line feed.
    /// - Returns: nil when it is no TYPE line.
    init?(comment: UnsafeBufferPointer<UInt8>) {
        var mark = 0
        while mark < comment.count, Self.isBlank(unsafe comment[mark]) { mark += 1 }
        guard mark < comment.count, unsafe comment[mark] == UInt8(ascii: "#") else { return nil }
        var start = mark + 1
        while start < comment.count, Self.isBlank(unsafe comment[start]) { start += 1 }
        guard start > mark + 1, unsafe Self.equals(comment, from: start, "TYPE"), start + 4 < comment.count,
            Self.isBlank(unsafe comment[start + 4])
        else { return nil }
        if unsafe Self.ends(comment, with: "histogram") {
            self = .histogram
        } else if unsafe Self.ends(comment, with: "summary") {
            self = .summary
        } else {
            self = .other
        }
    }

    /// Whether a label's value is read as a number here.
    func isNumber(_ name: String) -> Bool {
        switch self {
        case .other: false
        case .histogram: name == "le"
        case .summary: name == "quantile"
        }
    }

    /// Whether some family reads it as a number.
    static func isNumberSomewhere(_ name: String) -> Bool { histogram.isNumber(name) || summary.isNumber(name) }

    /// A number as Prometheus 3 writes it in a label; what is none stays as it is.
    static func normalized(_ value: String) -> String {
        let bytes = Array(value.utf8)
        guard let number = SampleValue.parse(bytes.span) else { return value }
        var text: [UInt8] = []
        SampleText.append(number, openMetrics: true, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    private static func equals(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ word: StaticString) -> Bool {
        guard text.count - start >= word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { unsafe $0.elementsEqual(text[start..<start + $0.count]) }
    }

    private static func ends(_ text: UnsafeBufferPointer<UInt8>, with word: StaticString) -> Bool {
        let start = text.count - word.utf8CodeUnitCount
        guard start > 0, isBlank(unsafe text[start - 1]) else { return false }
        return unsafe equals(text, from: start, word)
    }
}
