/// Walks over the lines of a body as the parser of a Prometheus server does, and stops where that one refuses it.
///
/// Owns its place in the body and the names of the label set it reads. In contrast to ``LineScanner``, which takes the
/// union of what readers take, every byte here has to be what the grammar of Prometheus wants. What the server checks
/// behind its parser is checked too: names that are there, valid and not given twice.
struct StrictScanner {
    /// What the next line is.
    enum Step {
        case line(StrictLine)
        /// Nothing behind this is read by Prometheus.
        case end
        /// Prometheus refuses the whole body.
        case refused
    }

    private(set) var offset = 0
    let isOpenMetrics: Bool
    let grammar: PrometheusGrammar
    var names = LabelNames()

    /// - Parameter format: all but OpenMetrics is read as text.
    init(format: ContentType, grammar: PrometheusGrammar) {
        isOpenMetrics = format == .openMetrics
        self.grammar = grammar
    }

    /// Each call must be lent the same bytes.
    mutating func next(in body: Span<UInt8>) -> Step {
        let step = isOpenMetrics ? openMetricsLine(body, offset) : textLine(body, offset)
        if case .line(let line) = step { offset = line.all.upperBound }
        return step
    }

    /// What zero bytes in a string are: bytes like others; nothing, so that a backslash escapes what stands behind them;
    /// or a reason to refuse it.
    enum Zeros { case taken, skipped, refused }

    /// The offset behind the quote that closes the string opened at `start`; nil when it stays open or holds what must
    /// not be in it.
    ///
    /// - Parameters:
    ///   - spansLines: whether raw line feeds may stand in it.
    ///   - zeros: what becomes of zero bytes.
    static func stringEnd(_ body: Span<UInt8>, _ start: Int, spansLines: Bool, zeros: Zeros) -> Int? {
        var index = start + 1
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "\""): return index + 1
            case UInt8(ascii: "\\"):
                index += 1
                while zeros == .skipped, index < body.count, body[index] == 0 { index += 1 }
                guard index < body.count, body[index] != .lineFeed, body[index] != 0 || zeros == .taken else {
                    return nil
                }
                index += 1
            case .lineFeed where !spansLines: return nil
            case 0 where zeros == .refused: return nil
            default: index += 1
            }
        }
        return nil
    }

    /// The offset behind a metric name; `start` itself when there is none.
    static func metricNameEnd(_ body: Span<UInt8>, _ start: Int) -> Int {
        guard start < body.count, body[start].isNameStart else { return start }
        var index = start + 1
        while index < body.count, body[index].isNamePart { index += 1 }
        return index
    }

    /// The offset behind a label name, which holds no colon; `start` itself when there is none.
    static func labelNameEnd(_ body: Span<UInt8>, _ start: Int) -> Int {
        let colon = UInt8(ascii: ":")
        guard start < body.count, body[start].isNameStart, body[start] != colon else { return start }
        var index = start + 1
        while index < body.count, body[index].isNamePart, body[index] != colon { index += 1 }
        return index
    }

    /// Takes a quoted name, at whose opening quote `index` stands.
    ///
    /// - Returns: the name without its quotes; nil when it is none.
    func quotedName(_ body: Span<UInt8>, _ index: inout Int) -> (range: Range<Int>, isEscaped: Bool)? {
        guard grammar == .utf8,
            let end = Self.stringEnd(body, index, spansLines: !isOpenMetrics, zeros: .refused)
        else { return nil }
        let range = index + 1..<end - 1
        guard !range.isEmpty, body.isUTF8(range) else { return nil }
        index = end
        return (range, range.contains { body[$0] == UInt8(ascii: "\\") })
    }

    /// The end of the line that `start` is in: its line feed, or the end of the body.
    static func lineEnd(_ body: Span<UInt8>, _ start: Int) -> Int {
        var index = start
        while index < body.count, body[index] != .lineFeed { index += 1 }
        return index
    }

    /// Seconds as milliseconds, cut as Prometheus cuts them; nil for what is no number or not finite.
    static func seconds(_ body: Span<UInt8>, _ token: Range<Int>) -> Int64? {
        guard let value = SampleValue.parse(body, token), value.isFinite else { return nil }
        let milliseconds = (value * 1000).rounded(.towardZero)
        if milliseconds >= 9.2e18 { return .max }
        return milliseconds <= -9.2e18 ? .min : Int64(milliseconds)
    }
}
