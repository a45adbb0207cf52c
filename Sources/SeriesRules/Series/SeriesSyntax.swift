import Exposition

/// Reads the series of a sample line as strictly as Prometheus 3 does.
///
/// What it refuses costs a reader the whole body; such a line has to stay as it is, so that no rule mends a body.
struct SeriesSyntax {
    let isOpenMetrics: Bool

    /// More labels than this are not read: rules take time that grows with the square of their number.
    static let maximumLabels = 1024

    enum Reading {
        case series(ExposedSeries)
        /// Prometheus refuses a body with such a line.
        case refused
        case tooManyLabels
    }

    /// Reads a line that a scanner found to be a sample, up to its value.
    func read(_ body: Span<UInt8>, _ line: ScannedLine) -> Reading {
        var index = line.content.lowerBound
        // A blank in front would be part of the name.
        guard index == line.series.lowerBound else { return .refused }
        var series = ExposedSeries()
        let start = index
        while index < line.value.lowerBound, body[index].isNamePart { index += 1 }
        guard index == start || body[start].isNameStart,
            let name = SeriesToken(range: start..<index).text(body)
        else { return .refused }
        series.name = name
        if !isOpenMetrics { Self.skipBlanks(body, &index) }
        if index < line.value.lowerBound, body[index] == UInt8(ascii: "{") {
            index += 1
            guard labels(body, &index, before: line.value.lowerBound, &series, isExemplar: false) else {
                return series.labels.count > Self.maximumLabels ? .tooManyLabels : .refused
            }
            if !isOpenMetrics { Self.skipBlanks(body, &index) }
        }
        if isOpenMetrics {
            guard index < line.value.lowerBound, body[index] == 0x20 else { return .refused }
            index += 1
        }
        guard index == line.value.lowerBound, !series.name.isEmpty else { return .refused }
        series.sort()
        return .series(series)
    }

    /// Whether Prometheus takes what stands behind the series of such a line: value, timestamp, exemplar.
    func takesTail(_ body: Span<UInt8>, _ line: ScannedLine) -> Bool {
        guard SampleValue.parse(body, line.value) != nil else { return false }
        return isOpenMetrics ? takesOpenMetricsTail(body, line) : takesTextTail(body, line)
    }

    private func takesTextTail(_ body: Span<UInt8>, _ line: ScannedLine) -> Bool {
        // It refuses carriage returns, and exemplars in text.
        guard line.exemplar.isEmpty, body[line.content.upperBound - 1] != 0x0D else { return false }
        var time: Int64 = 0
        for index in line.timestamp {
            guard body[index].isDigit else { return false }
            let (product, isTooLarge) = time.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuch) = product.addingReportingOverflow(Int64(body[index] &- UInt8(ascii: "0")))
            guard !isTooLarge, !isTooMuch else { return false }
            time = sum
        }
        return true
    }

    private func takesOpenMetricsTail(_ body: Span<UInt8>, _ line: ScannedLine) -> Bool {
        var index = line.value.upperBound
        if !line.timestamp.isEmpty {
            guard line.timestamp.lowerBound == index + 1, body[index] == 0x20,
                let time = SampleValue.parse(body, line.timestamp), time.isFinite
            else { return false }
            index = line.timestamp.upperBound
        }
        if !line.exemplar.isEmpty {
            guard line.exemplar.lowerBound == index + 1, body[index] == 0x20, exemplar(body, line.exemplar) else {
                return false
            }
            index = line.exemplar.upperBound
        }
        return index == line.content.upperBound && line.isTerminated
    }

    /// `# {labels} value [time]` with single spaces.
    private func exemplar(_ body: Span<UInt8>, _ range: Range<Int>) -> Bool {
        var index = range.lowerBound + 3
        guard index < range.upperBound, body[index - 2] == 0x20, body[index - 1] == UInt8(ascii: "{") else {
            return false
        }
        var labels = ExposedSeries()
        guard self.labels(body, &index, before: range.upperBound, &labels, isExemplar: true) else { return false }
        var numbers = 0
        while index < range.upperBound {
            guard body[index] == 0x20, numbers < 2 else { return false }
            index += 1
            let start = index
            while index < range.upperBound, body[index] != 0x20 { index += 1 }
            guard let number = SampleValue.parse(body, start..<index), numbers == 0 || number.isFinite else {
                return false
            }
            numbers += 1
        }
        return numbers > 0
    }

    // MARK: Labels

    /// Reads a label set behind its `{` and moves behind its `}`.
    private func labels(
        _ body: Span<UInt8>, _ index: inout Int, before end: Int, _ series: inout ExposedSeries, isExemplar: Bool
    ) -> Bool {
        while true {
            skip(body, &index)
            guard index < end else { return false }
            if body[index] == UInt8(ascii: "}") {
                index += 1
                return true
            }
            guard let name = labelName(body, &index, before: end) else { return false }
            skip(body, &index)
            guard index < end else { return false }
            if body[index] == UInt8(ascii: "=") {
                index += 1
                skip(body, &index)
                guard let value = string(body, &index, before: end, isName: false) else { return false }
                if !isExemplar {
                    guard let label = name.text(body), let value = value.text(body) else { return false }
                    series.labels.append((label, value))
                    guard series.labels.count <= Self.maximumLabels else { return false }
                }
                skip(body, &index)
            } else {
                // A quoted text without a value is the name of the metric.
                guard name.isQuoted, !isExemplar, series.name.isEmpty, let metric = name.text(body),
                    body[index] == UInt8(ascii: ",") || body[index] == UInt8(ascii: "}")
                else { return false }
                series.name = metric
            }
            guard index < end else { return false }
            if body[index] == UInt8(ascii: ",") {
                index += 1
            } else if isOpenMetrics, body[index] != UInt8(ascii: "}") {
                return false
            }
        }
    }

    private func labelName(_ body: Span<UInt8>, _ index: inout Int, before end: Int) -> SeriesToken? {
        if body[index] == UInt8(ascii: "\"") {
            guard let name = string(body, &index, before: end, isName: true), !name.range.isEmpty else { return nil }
            return name
        }
        let start = index
        guard body[index].isNameStart, body[index] != UInt8(ascii: ":") else { return nil }
        while index < end, body[index].isNamePart, body[index] != UInt8(ascii: ":") { index += 1 }
        return SeriesToken(range: start..<index)
    }

    /// Takes a quoted text; nil when it is not closed or not what it has to be.
    ///
    /// In the values of text a zero byte is nothing to the lexer of Prometheus: a backslash escapes what stands behind it.
    private func string(_ body: Span<UInt8>, _ index: inout Int, before end: Int, isName: Bool) -> SeriesToken? {
        guard index < end, body[index] == UInt8(ascii: "\"") else { return nil }
        let start = index + 1
        var place = start
        var isEscaped = false
        while place < end {
            switch body[place] {
            case UInt8(ascii: "\""):
                index = place + 1
                let token = SeriesToken(range: start..<place, isQuoted: true, isEscaped: isEscaped)
                return token.isUTF8(body) ? token : nil
            case UInt8(ascii: "\\"):
                isEscaped = true
                place += 1
                while !isOpenMetrics, !isName, place < end, body[place] == 0 { place += 1 }
                guard place < end, body[place] != 0x0A, body[place] != 0 || (isOpenMetrics && !isName) else {
                    return nil
                }
            case 0x0A where isOpenMetrics: return nil
            case 0 where isName: return nil
            default: break
            }
            place += 1
        }
        return nil
    }

    /// Blanks between the tokens of a label set are for text only.
    private func skip(_ body: Span<UInt8>, _ index: inout Int) {
        if !isOpenMetrics { Self.skipBlanks(body, &index) }
    }

    private static func skipBlanks(_ body: Span<UInt8>, _ index: inout Int) {
        while index < body.count, body[index] == 0x20 || body[index] == 0x09 { index += 1 }
    }
}
