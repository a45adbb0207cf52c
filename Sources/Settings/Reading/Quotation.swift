/// How a value the user wrote is repeated to him: between quotes, on one line, not too long.
enum Quotation {
    static func quote(_ text: String) -> String {
        let limit = 64
        let isLong = text.unicodeScalars.count > limit
        let start = isLong ? String(String.UnicodeScalarView(text.unicodeScalars.prefix(limit))) : text
        return "\"\(escape(start))\(isLong ? "…" : "")\""
    }

    /// The text without anything that would break the line or hide what follows.
    static func escape(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator:
                result += "\\u{\(String(scalar.value, radix: 16))}"
            default:
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }
}
