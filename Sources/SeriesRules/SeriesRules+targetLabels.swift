package import Relabeling

extension SeriesRules {
    /// Whether rules may change or remove labels that the target has: what they make of them is written into the body,
    /// and a reader takes it from there only with `honor_labels: true`.
    ///
    /// Conservative: true where it depends on the body. A job that honors labels anyway needs no question.
    package static func touchesTargetLabels(_ rules: [RelabelRule], _ labels: Labels) -> Bool {
        let names = labels.pairs.map(\.name)
        return rules.contains { rule in names.contains { touches(rule, $0) } }
    }

    private static func touches(_ rule: RelabelRule, _ name: String) -> Bool {
        switch rule.fields.action {
        case .keep, .drop, .keepequal, .dropequal: return false
        case .replace: return mayBecome(name, rule.fields.targetLabel)
        case .labelmap: return mayBecome(name, rule.fields.replacement)
        case .lowercase, .uppercase, .hashmod: return rule.fields.targetLabel.utf8.elementsEqual(name.utf8)
        case .labeldrop, .labelkeep:
            var alone = Labels([(name, "value")])
            return !rule.apply(to: &alone) || alone.isEmpty
        }
    }

    /// Whether a text with references in it may expand to a name.
    private static func mayBecome(_ name: String, _ template: String) -> Bool {
        let literal = template.utf8.prefix { $0 != UInt8(ascii: "$") }
        if literal.count == template.utf8.count { return literal.elementsEqual(name.utf8) }
        return name.utf8.starts(with: literal)
    }
}
