/// Why a regular expression was refused.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In RE2's words.
    package var reason: String
    package var pattern: String

    /// In one line that a terminal can show: RE2 repeats the pattern, whatever stands in it.
    package var description: String {
        let shown = reason.unicodeScalars.map { scalar in
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator: scalar.escaped(asASCII: true)
            default: String(scalar)
            }
        }
        return "error parsing regexp: \(shown.joined())"
    }
}
