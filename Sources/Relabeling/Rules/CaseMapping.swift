/// Upper and lower case as Go's `strings` map them: character for character, whatever the language.
///
/// Swift's own mapping may make several characters of one (`ß` → `SS`); those keep what Unicode calls the simple mapping.
enum CaseMapping {
    static func lowercase(_ text: String) -> String {
        map(text) { scalar in
            // The only one whose full lower case is longer than the simple one.
            scalar == "\u{130}" ? "i" : single(scalar.properties.lowercaseMapping)
        }
    }

    static func uppercase(_ text: String) -> String {
        // Where the full upper case is longer, the title case is the simple upper case if it is one character.
        map(text) { single($0.properties.uppercaseMapping) ?? single($0.properties.titlecaseMapping) }
    }

    private static func map(_ text: String, _ change: (Unicode.Scalar) -> Unicode.Scalar?) -> String {
        var result = ""
        for scalar in text.unicodeScalars { result.unicodeScalars.append(change(scalar) ?? scalar) }
        return result
    }

    private static func single(_ mapping: String) -> Unicode.Scalar? {
        mapping.unicodeScalars.count == 1 ? mapping.unicodeScalars.first : nil
    }
}
