// What Prometheus refuses when it loads a rule (`relabel.Config.Validate` of 3.x).
extension RelabelRule {
    private static let defaults = Fields()

    /// Whether Prometheus 3 takes it for a label's name: any text that is not empty.
    static func isValidName(_ name: String) -> Bool { !name.isEmpty }

    static func check(_ fields: Fields) throws(RelabelError) {
        let action = fields.action
        switch action {
        case .replace, .keepequal, .dropequal, .hashmod, .lowercase, .uppercase:
            guard !fields.targetLabel.isEmpty else {
                throw RelabelError(field: .targetLabel, message: "required for the action \(action.rawValue)")
            }
        default: break
        }
        switch action {
        case .hashmod:
            guard fields.modulus != 0 else {
                throw RelabelError(field: .modulus, message: "expected a number above 0 for the action hashmod")
            }
            guard LabelHash.isAvailable else {
                throw RelabelError(
                    field: .action, message: "hashmod needs MD5, which this host's OpenSSL refuses (FIPS mode?)")
            }
        case .lowercase, .uppercase:
            guard fields.replacement == defaults.replacement else {
                throw RelabelError(
                    field: .replacement, message: "cannot be set for the action \(action.rawValue)")
            }
        case .keepequal, .dropequal:
            try only(
                "source_labels and target_label", action,
                [
                    (.regex, fields.regex != defaults.regex), (.modulus, fields.modulus != defaults.modulus),
                    (.separator, fields.separator != defaults.separator),
                    (.replacement, fields.replacement != defaults.replacement),
                ])
        case .labeldrop, .labelkeep:
            try only(
                "regex", action,
                [
                    (.sourceLabels, !fields.sourceLabels.isEmpty), (.targetLabel, !fields.targetLabel.isEmpty),
                    (.modulus, fields.modulus != defaults.modulus),
                    (.separator, fields.separator != defaults.separator),
                    (.replacement, fields.replacement != defaults.replacement),
                ])
        case .labelmap:
            guard !fields.replacement.isEmpty else {
                throw RelabelError(field: .replacement, message: "expected a label's name, as in $1, found nothing")
            }
        case .replace, .keep, .drop: break
        }
    }

    private static func only(
        _ allowed: String, _ action: RelabelAction, _ others: [(field: RelabelError.Field, isSet: Bool)]
    ) throws(RelabelError) {
        guard let wrong = others.first(where: \.isSet) else { return }
        throw RelabelError(
            field: wrong.field, message: "the action \(action.rawValue) takes \(allowed) and no other field")
    }
}
