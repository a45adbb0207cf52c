import Relabeling
import Yams

/// Reads `relabel_configs` and its like: rules in the order of the file, each checked as Prometheus checks it.
enum RelabelConfig {
    static func readList(_ key: String, _ reader: MappingReader) -> [RelabelRule] {
        guard let list = reader.list(key, of: "rules, each with action, source_labels and so on") else { return [] }
        return reader.elements(of: list, name: "relabel_config").compactMap { read($0) }
    }

    private static func read(_ reader: MappingReader) -> RelabelRule? {
        var fields = RelabelRule.Fields()
        var isReadable = true
        if let text = reader.string("action", expected: actions), !text.value.isEmpty {
            if let action = RelabelAction(name: text.value) {
                fields.action = action
            } else {
                isReadable = false
                reader.reject("action", at: text.position, expected: actions, found: Quotation.quote(text.value))
            }
        }
        fields.sourceLabels = sourceLabels(reader)
        fields.separator = reader.string("separator")?.value ?? fields.separator
        fields.regex = reader.string("regex", expected: "a regular expression")?.value ?? fields.regex
        fields.targetLabel = reader.string("target_label", expected: "a label's name")?.value ?? ""
        fields.replacement = reader.string("replacement")?.value ?? fields.replacement
        if let text = reader.string("modulus", expected: modulus) {
            if let number = UInt64(text.value) {
                fields.modulus = number
            } else {
                isReadable = false
                reader.reject("modulus", at: text.position, expected: modulus, found: Quotation.quote(text.value))
            }
        }
        reader.finish()
        guard isReadable else { return nil }
        do throws(RelabelError) {
            return try RelabelRule(fields)
        } catch {
            let position = reader.node(error.field.rawValue)?.position ?? reader.position
            reader.log.add(.invalidValue, at: position, error.description)
            return nil
        }
    }

    private static func sourceLabels(_ reader: MappingReader) -> [String] {
        guard let list = reader.list("source_labels", of: "label names") else { return [] }
        return list.value.compactMap { node in
            if let scalar = node.scalar, !scalar.string.isEmpty { return scalar.string }
            reader.log.add(
                .invalidValue, at: node.position ?? list.position,
                "source_labels: expected a list of label names, found \(node.scalar == nil ? "\(node.kind)" : "an empty text")"
            )
            return nil
        }
    }

    private static let actions = RelabelAction.allCases.map(\.rawValue).joined(separator: ", ")
    private static let modulus = "a whole number above 0"
}
