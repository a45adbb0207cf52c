/// What is wrong with a relabeling rule.
package struct RelabelError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The fields of a rule. Raw values are the keys of the configuration.
    package enum Field: String, Sendable, Hashable, CaseIterable {
        case sourceLabels = "source_labels"
        case separator, regex, modulus, replacement, action
        case targetLabel = "target_label"
    }

    /// The field to blame.
    package var field: Field
    /// What is wrong and what was expected, one sentence without a full stop.
    package var message: String

    package var description: String { "\(field.rawValue): \(message)" }
}
