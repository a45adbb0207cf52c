/// The text format as Prometheus' lexer and parser take it.
extension StrictScanner {
    mutating func textLine(_ body: Span<UInt8>, _ start: Int) -> Step {
        var index = start
        LabelSyntax.skipBlanks(body, &index)
        guard index < body.count else { return .end }
        switch body[index] {
        case .lineFeed: return .line(StrictLine(kind: .ignored, all: start..<index + 1))
        // There Prometheus stops, without a complaint.
        case 0: return .end
        case UInt8(ascii: "#"): return textComment(body, start, index)
        // Blanks before a sample become part of its name.
        default: return index == start ? textSample(body, start) : .refused
        }
    }

    private func textComment(_ body: Span<UInt8>, _ start: Int, _ hash: Int) -> Step {
        let end = Self.lineEnd(body, hash)
        let all = start..<min(end + 1, body.count)
        let comment = Step.line(StrictLine(kind: .ignored, all: all))
        var index = hash + 1
        guard index < end, body[index].isBlank else {
            // Without a blank behind its hash, a comment ends at a zero byte, and the body with it.
            for place in index..<end where body[place] == 0 { return .end }
            return comment
        }
        LabelSyntax.skipBlanks(body, &index)
        let isType = body.starts(at: index, with: "TYPE")
        guard isType || body.starts(at: index, with: "HELP"), index + 4 < end, body[index + 4].isBlank else {
            return comment
        }
        index += 4
        LabelSyntax.skipBlanks(body, &index)
        let nameStart = index
        if index < end, body[index] == UInt8(ascii: "\"") {
            guard quotedName(body, &index) != nil, index <= end else { return .refused }
        } else {
            index = Self.metricNameEnd(body, index)
        }
        guard index > nameStart else { return .refused }
        // Whatever stands first behind the name parts it from the text.
        let text = min(index + 1, end)..<end
        guard isType else {
            guard body.isUTF8(text) else { return .refused }
            return .line(StrictLine(kind: .description, all: all))
        }
        let hasBoundaries = body.has("histogram", in: text) || body.has("summary", in: text)
        guard
            hasBoundaries || body.has("counter", in: text) || body.has("gauge", in: text)
                || body.has("untyped", in: text)
        else { return .refused }
        var line = StrictLine(kind: .type, all: all)
        line.hasBoundaries = hasBoundaries
        return .line(line)
    }

    private mutating func textSample(_ body: Span<UInt8>, _ start: Int) -> Step {
        var line = StrictLine(kind: .sample, all: start..<start)
        var index = Self.metricNameEnd(body, start)
        line.name = start..<index
        guard index > start || (grammar == .utf8 && body[start] == UInt8(ascii: "{")) else { return .refused }
        line.series = start..<index
        LabelSyntax.skipBlanks(body, &index)
        if index < body.count, body[index] == UInt8(ascii: "{") {
            index += 1
            guard textLabels(body, &index, &line.name) else { return .refused }
            line.series = start..<index
            LabelSyntax.skipBlanks(body, &index)
        }
        guard !line.name.isEmpty else { return .refused }
        let value = index
        while index < body.count, !body[index].isBlank, body[index] != .lineFeed, body[index] != 0,
            body[index] != UInt8(ascii: "{")
        {
            index += 1
        }
        line.value = value..<index
        guard SampleValue.parse(body, line.value) != nil else { return .refused }
        LabelSyntax.skipBlanks(body, &index)
        if index < body.count, body[index].isDigit {
            let token = index
            guard let time = Self.milliseconds(body, &index) else { return .refused }
            line.timestamp = token..<index
            line.time = time
            LabelSyntax.skipBlanks(body, &index)
        }
        guard index == body.count || body[index] == .lineFeed else { return .refused }
        line.all = start..<min(index + 1, body.count)
        return .line(line)
    }

    private mutating func textLabels(_ body: Span<UInt8>, _ index: inout Int, _ metric: inout Range<Int>) -> Bool {
        names.begin()
        while true {
            LabelSyntax.skipBlanks(body, &index)
            guard index < body.count else { return false }
            if body[index] == UInt8(ascii: "}") {
                index += 1
                return names.areValid(in: body)
            }
            let start = index
            if body[index] == UInt8(ascii: "\"") {
                guard let name = quotedName(body, &index) else { return false }
                let end = index
                LabelSyntax.skipBlanks(body, &index)
                guard index < body.count else { return false }
                if body[index] == UInt8(ascii: ",") || body[index] == UInt8(ascii: "}") {
                    guard metric.isEmpty else { return false }
                    metric = start..<end
                    if body[index] == UInt8(ascii: ",") { index += 1 }
                    continue
                }
                names.add(name.range, isEscaped: name.isEscaped)
            } else {
                index = Self.labelNameEnd(body, index)
                guard index > start else { return false }
                names.add(start..<index)
                LabelSyntax.skipBlanks(body, &index)
            }
            guard index < body.count, body[index] == UInt8(ascii: "=") else { return false }
            index += 1
            LabelSyntax.skipBlanks(body, &index)
            guard index < body.count, body[index] == UInt8(ascii: "\""),
                let end = Self.stringEnd(body, index, spansLines: true, zeros: .skipped),
                body.isUTF8(index..<end)
            else { return false }
            index = end
            LabelSyntax.skipBlanks(body, &index)
            if index < body.count, body[index] == UInt8(ascii: ",") { index += 1 }
        }
    }

    /// Takes the digits at `index`; nil when they are too many for a time.
    private static func milliseconds(_ body: Span<UInt8>, _ index: inout Int) -> Int64? {
        var time: Int64 = 0
        while index < body.count, body[index].isDigit {
            let (product, isTooLarge) = time.multipliedReportingOverflow(by: 10)
            let (sum, isTooMuch) = product.addingReportingOverflow(Int64(body[index] &- UInt8(ascii: "0")))
            guard !isTooLarge, !isTooMuch else { return nil }
            time = sum
            index += 1
        }
        return time
    }
}
