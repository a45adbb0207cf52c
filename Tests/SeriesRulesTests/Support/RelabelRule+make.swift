import Relabeling

extension RelabelRule {
    /// A rule from the fields a test cares about.
    static func make(
        _ action: RelabelAction = .replace, source: [String] = [], regex: String? = nil, target: String = "",
        replacement: String? = nil, modulus: UInt64 = 0
    ) throws -> RelabelRule {
        var fields = RelabelRule.Fields()
        fields.action = action
        fields.sourceLabels = source
        if let regex { fields.regex = regex }
        fields.targetLabel = target
        if let replacement { fields.replacement = replacement }
        fields.modulus = modulus
        return try RelabelRule(fields)
    }
}
