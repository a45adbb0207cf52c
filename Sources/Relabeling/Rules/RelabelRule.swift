/// One rule of `relabel_configs` or `metric_relabel_configs`, checked and compiled.
package struct RelabelRule: Sendable {
    /// What the configuration says of a rule, defaults filled in.
    package struct Fields: Sendable, Hashable {
        package var action = RelabelAction.replace
        package var sourceLabels: [String] = []
        package var separator = ";"
        package var regex = "(.*)"
        package var modulus: UInt64 = 0
        package var targetLabel = ""
        package var replacement = "$1"

        package init() {}
    }

    package let fields: Fields
    let pattern: Pattern
    let target: ReplacementTemplate
    let replacement: ReplacementTemplate

    /// - Throws: `RelabelError` naming the field that is wrong, as Prometheus' own check would.
    package init(_ fields: Fields) throws(RelabelError) {
        self.fields = fields
        do {
            pattern = try Pattern(fields.regex)
        } catch {
            throw RelabelError(field: .regex, message: error.description)
        }
        target = ReplacementTemplate(fields.targetLabel)
        replacement = ReplacementTemplate(fields.replacement)
        try Self.check(fields)
    }
}

extension RelabelRule {
    /// Applies the rule; false when what is labelled is dropped.
    package func apply(to labels: inout Labels) -> Bool {
        switch fields.action {
        case .keep: return pattern.matches(source(labels))
        case .drop: return !pattern.matches(source(labels))
        case .keepequal: return isTarget(of: labels, equalTo: source(labels))
        case .dropequal: return !isTarget(of: labels, equalTo: source(labels))
        case .replace: replace(&labels)
        case .lowercase: labels[fields.targetLabel] = CaseMapping.lowercase(source(labels))
        case .uppercase: labels[fields.targetLabel] = CaseMapping.uppercase(source(labels))
        case .hashmod:
            if let hash = LabelHash.value(of: source(labels)), fields.modulus > 0 {
                labels[fields.targetLabel] = "\(hash % fields.modulus)"
            }
        case .labelmap:
            for (name, value) in labels.pairs {
                guard let match = pattern.match(name) else { continue }
                let mapped = replacement.expand(match, of: pattern)
                if !mapped.isEmpty { labels[mapped] = value }
            }
        case .labeldrop: for (name, _) in labels.pairs where pattern.matches(name) { labels[name] = nil }
        case .labelkeep: for (name, _) in labels.pairs where !pattern.matches(name) { labels[name] = nil }
        }
        return true
    }

    private func source(_ labels: Labels) -> String {
        if fields.sourceLabels.count == 1 { return labels[fields.sourceLabels[0]] ?? "" }
        return fields.sourceLabels.map { labels[$0] ?? "" }.joined(separator: fields.separator)
    }

    /// Byte for byte: Swift's strings would call more equal.
    private func isTarget(of labels: Labels, equalTo value: String) -> Bool {
        (labels[fields.targetLabel] ?? "").utf8.elementsEqual(value.utf8)
    }

    private func replace(_ labels: inout Labels) {
        guard let match = pattern.match(source(labels)) else { return }
        let name = target.expand(match, of: pattern)
        guard RelabelRule.isValidName(name) else { return }
        labels[name] = replacement.expand(match, of: pattern)
    }
}

extension [RelabelRule] {
    /// Applies the rules in order; false as soon as one drops what is labelled.
    package func apply(to labels: inout Labels) -> Bool {
        for rule in self { guard rule.apply(to: &labels) else { return false } }
        return true
    }
}
