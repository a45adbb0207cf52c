/// The form of a label set, in the union of what Prometheus, expfmt and the Python client take: blanks between
/// tokens, a leading or trailing comma, missing commas, quoted names, one quoted metric name among the labels.
enum LabelSyntax {
    /// Finds the end of a label set.
    ///
    /// - Parameters:
    ///   - start: the offset behind `{`.
    ///   - isNamed: whether a metric name stood before the brace; set when one is found inside.
    ///   - spansLines: whether a value may contain raw line feeds, as in text.
    /// - Returns: the offset behind `}`, or nil when this is no label set.
    static func end(_ body: Span<UInt8>, from start: Int, isNamed: inout Bool, spansLines: Bool) -> Int? {
        var index = start
        var afterComma = false
        while true {
            skipBlanks(body, &index)
            guard index < body.count else { return nil }
            switch body[index] {
            case UInt8(ascii: "}"):
                return index + 1
            case UInt8(ascii: ","):
                guard !afterComma else { return nil }
                afterComma = true
                index += 1
                continue
            case UInt8(ascii: "\""):
                guard let close = stringEnd(body, from: index, spansLines: spansLines) else { return nil }
                index = close
                skipBlanks(body, &index)
                guard index < body.count else { return nil }
                if body[index] != UInt8(ascii: "=") {
                    guard !isNamed else { return nil }
                    isNamed = true
                    afterComma = false
                    continue
                }
            case let byte where byte.isNameStart:
                while index < body.count, body[index].isNamePart { index += 1 }
                skipBlanks(body, &index)
            default:
                return nil
            }
            guard index < body.count, body[index] == UInt8(ascii: "=") else { return nil }
            index += 1
            skipBlanks(body, &index)
            guard index < body.count, body[index] == UInt8(ascii: "\""),
                let close = stringEnd(body, from: index, spansLines: spansLines)
            else { return nil }
            index = close
            afterComma = false
        }
    }

    /// The offset behind the quote that closes the string opened at `start`, or nil when it stays open.
    ///
    /// A backslash takes any next byte with it, known escape or not, but never a line feed.
    private static func stringEnd(_ body: Span<UInt8>, from start: Int, spansLines: Bool) -> Int? {
        var index = start + 1
        while index < body.count {
            switch body[index] {
            case UInt8(ascii: "\""):
                return index + 1
            case UInt8(ascii: "\\"):
                guard index + 1 < body.count, body[index + 1] != .lineFeed else { return nil }
                index += 2
            case .lineFeed where !spansLines:
                return nil
            default:
                index += 1
            }
        }
        return nil
    }

    /// Moves over spaces and tabs.
    static func skipBlanks(_ body: Span<UInt8>, _ index: inout Int) {
        while index < body.count, body[index].isBlank { index += 1 }
    }
}
