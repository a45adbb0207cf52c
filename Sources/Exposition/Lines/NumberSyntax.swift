/// The form of numbers in expositions: what Go's ParseFloat takes, less hexadecimal floats and underscores, which
/// Prometheus refuses.
enum NumberSyntax {
    /// Whether the token has the form of a number. Size is not checked: `1e400` has it.
    static func isNumber(_ body: Span<UInt8>, _ token: Range<Int>) -> Bool {
        var index = token.lowerBound
        let end = token.upperBound
        guard index < end else { return false }
        var isSigned = false
        if body[index] == UInt8(ascii: "+") || body[index] == UInt8(ascii: "-") {
            isSigned = true
            index += 1
        }
        guard index < end else { return false }
        if !body[index].isDigit, body[index] != UInt8(ascii: ".") {
            return isWord(body, index..<end, "inf") || isWord(body, index..<end, "infinity")
                || (!isSigned && isWord(body, index..<end, "nan"))
        }
        var digits = skipDigits(body, &index, end)
        if index < end, body[index] == UInt8(ascii: ".") {
            index += 1
            digits += skipDigits(body, &index, end)
        }
        guard digits > 0 else { return false }
        guard index < end else { return true }
        guard body[index].lowercased == UInt8(ascii: "e") else { return false }
        index += 1
        if index < end, body[index] == UInt8(ascii: "+") || body[index] == UInt8(ascii: "-") { index += 1 }
        return skipDigits(body, &index, end) > 0 && index == end
    }

    private static func skipDigits(_ body: Span<UInt8>, _ index: inout Int, _ end: Int) -> Int {
        let start = index
        while index < end, body[index].isDigit { index += 1 }
        return index - start
    }

    private static func isWord(_ body: Span<UInt8>, _ token: Range<Int>, _ word: StaticString) -> Bool {
        guard token.count == word.utf8CodeUnitCount else { return false }
        return word.withUTF8Buffer { word in
            for offset in word.indices where body[token.lowerBound + offset].lowercased != word[offset] {
                return false
            }
            return true
        }
    }
}
