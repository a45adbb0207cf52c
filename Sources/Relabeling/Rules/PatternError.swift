/// Why a regular expression was refused.
package struct PatternError: Error, Sendable, Hashable, CustomStringConvertible {
    /// In RE2's words.
    package var reason: String
    package var pattern: String

    package var description: String { "error parsing regexp: \(reason)" }
}
