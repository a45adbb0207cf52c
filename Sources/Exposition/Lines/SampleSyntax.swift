/// The form of a sample line: series, value, perhaps a timestamp, perhaps exemplars.
enum SampleSyntax {
    /// Reads the sample that begins at `start`, the first byte that is no blank.
    ///
    /// - Returns: the line from `lineStart` on with its parts, or nil when this is no sample.
    static func line(_ body: Span<UInt8>, lineStart: Int, from start: Int, spansLines: Bool) -> ScannedLine? {
        var index = start
        while index < body.count, body[index].isNamePart { index += 1 }
        guard index == start || body[start].isNameStart else { return nil }
        var isNamed = index > start
        var seriesEnd = index

        LabelSyntax.skipBlanks(body, &index)
        if index < body.count, body[index] == UInt8(ascii: "{") {
            guard
                let end = LabelSyntax.end(body, from: index + 1, isNamed: &isNamed, spansLines: spansLines)
            else { return nil }
            seriesEnd = end
            index = end
            LabelSyntax.skipBlanks(body, &index)
        }
        guard isNamed, let value = number(body, &index) else { return nil }

        LabelSyntax.skipBlanks(body, &index)
        var timestamp = value.upperBound..<value.upperBound
        if let byte = byte(body, index), byte != UInt8(ascii: "#"), !isLineEnd(body, index) {
            guard let token = number(body, &index) else { return nil }
            timestamp = token
            LabelSyntax.skipBlanks(body, &index)
        }

        var exemplar = timestamp.upperBound..<timestamp.upperBound
        if byte(body, index) == UInt8(ascii: "#") {
            guard let found = exemplars(body, from: index) else { return nil }
            exemplar = found
            index = found.upperBound
            LabelSyntax.skipBlanks(body, &index)
        }

        guard isLineEnd(body, index) else { return nil }
        if byte(body, index) == .carriageReturn { index += 1 }
        var line = ScannedLine(
            kind: .sample, content: lineStart..<index, next: index < body.count ? index + 1 : index)
        line.series = start..<seriesEnd
        line.value = value
        line.timestamp = timestamp
        line.exemplar = exemplar
        return line
    }

    /// Reads one or more exemplars, `# {labels} value [timestamp]` each. Their labels never span lines.
    private static func exemplars(_ body: Span<UInt8>, from start: Int) -> Range<Int>? {
        var index = start
        var end = start
        while byte(body, index) == UInt8(ascii: "#") {
            index += 1
            LabelSyntax.skipBlanks(body, &index)
            // An exemplar has no name: a quoted string without a value is refused.
            var isNamed = true
            guard byte(body, index) == UInt8(ascii: "{"),
                let labels = LabelSyntax.end(body, from: index + 1, isNamed: &isNamed, spansLines: false)
            else { return nil }
            index = labels
            LabelSyntax.skipBlanks(body, &index)
            guard let value = number(body, &index) else { return nil }
            end = value.upperBound
            LabelSyntax.skipBlanks(body, &index)
            if let byte = byte(body, index), byte != UInt8(ascii: "#"), !isLineEnd(body, index) {
                guard let timestamp = number(body, &index) else { return nil }
                end = timestamp.upperBound
                LabelSyntax.skipBlanks(body, &index)
            }
        }
        return start..<end
    }

    /// Takes the token at `index`, up to a blank or the line's end, if it is a number.
    private static func number(_ body: Span<UInt8>, _ index: inout Int) -> Range<Int>? {
        let start = index
        while index < body.count, !body[index].isBlank, body[index] != .lineFeed, body[index] != .carriageReturn {
            index += 1
        }
        let token = start..<index
        return NumberSyntax.isNumber(body, token) ? token : nil
    }

    /// Whether the line ends here: end of body, LF, or CR followed by either.
    static func isLineEnd(_ body: Span<UInt8>, _ index: Int) -> Bool {
        guard let first = byte(body, index), first != .lineFeed else { return true }
        guard first == .carriageReturn else { return false }
        return index + 1 >= body.count || body[index + 1] == .lineFeed
    }

    private static func byte(_ body: Span<UInt8>, _ index: Int) -> UInt8? {
        index < body.count ? body[index] : nil
    }
}
