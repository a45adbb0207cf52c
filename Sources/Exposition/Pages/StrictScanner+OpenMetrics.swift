/// OpenMetrics as Prometheus' lexer and parser take it: single spaces, no other comments, an end.
extension StrictScanner {
    mutating func openMetricsLine(_ body: Span<UInt8>, _ start: Int) -> Step {
        guard start < body.count else { return .refused }
        if body[start] == UInt8(ascii: "#") { return openMetricsComment(body, start) }
        return openMetricsSample(body, start)
    }

    private func openMetricsComment(_ body: Span<UInt8>, _ start: Int) -> Step {
        let end = Self.lineEnd(body, start)
        if body.has("# EOF", in: start..<end) { return end + 1 >= body.count ? .end : .refused }
        let isType = body.starts(at: start, with: "# TYPE ")
        let isUnit = body.starts(at: start, with: "# UNIT ")
        guard isType || isUnit || body.starts(at: start, with: "# HELP "), end < body.count else { return .refused }
        var index = start + 7
        var name = index..<index
        if index < end, body[index] == UInt8(ascii: "\"") {
            guard let quoted = quotedName(body, &index) else { return .refused }
            name = quoted.range
        } else {
            index = Self.metricNameEnd(body, index)
            name = start + 7..<index
        }
        guard !name.isEmpty, index < end, body[index] == 0x20 else { return .refused }
        let text = index + 1..<end
        let all = start..<end + 1
        if isType {
            guard Self.openMetricsTypes.contains(where: { body.has($0, in: text) }) else { return .refused }
            var line = StrictLine(kind: .type, all: all)
            line.hasBoundaries = body.has("histogram", in: text) || body.has("summary", in: text)
            return .line(line)
        }
        guard isUnit ? Self.isUnit(text, of: name, body) : body.isUTF8(text) else { return .refused }
        return .line(StrictLine(kind: .description, all: all))
    }

    private static let openMetricsTypes: [StaticString] = [
        "counter", "gauge", "histogram", "gaugehistogram", "summary", "info", "stateset", "unknown",
    ]

    /// Whether a unit is the last word of a name, or empty.
    private static func isUnit(_ unit: Range<Int>, of name: Range<Int>, _ body: Span<UInt8>) -> Bool {
        guard !unit.isEmpty else { return true }
        guard name.count > unit.count else { return false }
        let start = name.upperBound - unit.count
        return body.areEqual(start..<name.upperBound, unit) && body[start - 1] == UInt8(ascii: "_")
    }

    private mutating func openMetricsSample(_ body: Span<UInt8>, _ start: Int) -> Step {
        var line = StrictLine(kind: .sample, all: start..<start)
        var index = Self.metricNameEnd(body, start)
        line.name = start..<index
        guard index > start || (grammar == .utf8 && body[start] == UInt8(ascii: "{")) else { return .refused }
        if index < body.count, body[index] == UInt8(ascii: "{") {
            index += 1
            guard openMetricsLabels(body, &index, &line.name, isExemplar: false) else { return .refused }
        }
        line.series = start..<index
        guard !line.name.isEmpty, let value = Self.token(body, &index), SampleValue.parse(body, value) != nil else {
            return .refused
        }
        line.value = value
        if !isExemplar(body, index), let token = Self.token(body, &index) {
            guard let time = Self.seconds(body, token) else { return .refused }
            line.timestamp = token
            line.time = time
        }
        if isExemplar(body, index) {
            let place = index
            guard let time = exemplar(body, &index, of: line.name) else { return .refused }
            line.exemplar = place..<index
            line.exemplarTime = time
        }
        guard index < body.count, body[index] == .lineFeed else { return .refused }
        line.all = start..<index + 1
        return .line(line)
    }

    private func isExemplar(_ body: Span<UInt8>, _ index: Int) -> Bool { body.starts(at: index, with: " # {") }

    /// Takes an exemplar.
    ///
    /// - Returns: nil when Prometheus refuses it, else its time when it has one.
    private mutating func exemplar(_ body: Span<UInt8>, _ index: inout Int, of name: Range<Int>) -> Int64?? {
        guard grammar == .utf8 || Self.ends(name, with: "_total", body) || Self.ends(name, with: "_bucket", body) else {
            return nil
        }
        index += 4
        var none = name
        guard openMetricsLabels(body, &index, &none, isExemplar: true), let value = Self.token(body, &index),
            SampleValue.parse(body, value) != nil
        else { return nil }
        guard let token = Self.token(body, &index) else { return .some(nil) }
        guard let time = Self.seconds(body, token) else { return nil }
        return .some(time)
    }

    private static func ends(_ name: Range<Int>, with word: StaticString, _ body: Span<UInt8>) -> Bool {
        let length = word.utf8CodeUnitCount
        return name.count >= length && body.has(word, in: name.upperBound - length..<name.upperBound)
    }

    /// Takes one space and what stands behind it, up to the next space or line feed.
    private static func token(_ body: Span<UInt8>, _ index: inout Int) -> Range<Int>? {
        guard index < body.count, body[index] == 0x20 else { return nil }
        var end = index + 1
        while end < body.count, body[end] != 0x20, body[end] != .lineFeed, body[end] != 0 { end += 1 }
        guard end > index + 1 else { return nil }
        defer { index = end }
        return index + 1..<end
    }

    private mutating func openMetricsLabels(
        _ body: Span<UInt8>, _ index: inout Int, _ metric: inout Range<Int>, isExemplar: Bool
    ) -> Bool {
        names.begin()
        var isFirst = true
        while index < body.count {
            if body[index] == UInt8(ascii: "}") {
                // A comma in front of it is Prometheus 3's.
                guard isFirst || grammar == .utf8 || body[index - 1] != UInt8(ascii: ",") else { return false }
                index += 1
                return isExemplar || names.areValid(in: body)
            }
            isFirst = false
            let start = index
            var isMetric = false
            if body[index] == UInt8(ascii: "\"") {
                guard let name = quotedName(body, &index), index < body.count else { return false }
                isMetric = !isExemplar && body[index] != UInt8(ascii: "=")
                if isMetric {
                    guard metric.isEmpty else { return false }
                    metric = start..<index
                } else {
                    names.add(name.range, isEscaped: name.isEscaped)
                }
            } else {
                index = Self.labelNameEnd(body, index)
                guard index > start else { return false }
                names.add(start..<index)
            }
            if !isMetric {
                guard body.starts(at: index, with: "=\""),
                    let end = Self.stringEnd(body, index + 1, spansLines: false, zeros: .taken),
                    body.isUTF8(index + 1..<end)
                else { return false }
                index = end
            }
            guard index < body.count else { return false }
            if body[index] == UInt8(ascii: ",") {
                index += 1
            } else if body[index] != UInt8(ascii: "}") {
                return false
            }
        }
        return false
    }
}
