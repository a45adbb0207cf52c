package import Relabeling
import Yams

/// The `policy` section of the agent: what its operator permits, whatever jobs and discovery say.
package struct AgentPolicy: Sendable, Hashable {
    /// What may be dialled, one entry of which has to permit it; `nil`: everything that is not forbidden anyway.
    package var allow: [AgentPolicyRule]?
    /// Names of metrics that never leave, or patterns that match them, as they were written.
    package var denyMetrics: [String]

    /// A policy from its parts.
    package init(allow: [AgentPolicyRule]? = nil, denyMetrics: [String] = []) {
        self.allow = allow
        self.denyMetrics = denyMetrics
    }

    /// The most entries each list may have.
    static let limit = 1000

    /// The section `policy`, or without one the policy that forbids nothing.
    static func read(_ reader: MappingReader?) -> AgentPolicy {
        guard let reader else { return AgentPolicy() }
        let policy = AgentPolicy(allow: allow(reader), denyMetrics: denyMetrics(reader))
        reader.finish()
        return policy
    }

    private static func allow(_ reader: MappingReader) -> [AgentPolicyRule]? {
        guard let list = reader.list("allow", of: "entries, each with cidr") else { return nil }
        // Both "everything" and "nothing" could be meant by it.
        guard !list.value.isEmpty else {
            guard reader.log.problems.isEmpty else { return nil }
            reader.reject(
                "allow", at: list.position, expected: "at least one entry, or no allow at all", found: "an empty list")
            return nil
        }
        guard list.value.count <= limit else {
            reader.reject(
                "allow", at: list.position, expected: "at most \(limit) entries", found: "\(list.value.count)")
            return nil
        }
        return reader.elements(of: list, name: "allow").compactMap { AgentPolicyRule.read($0) }
    }

    private static func denyMetrics(_ reader: MappingReader) -> [String] {
        guard let list = reader.list("deny_metrics", of: "names or patterns of metrics") else { return [] }
        guard list.value.count <= limit else {
            reader.reject(
                "deny_metrics", at: list.position, expected: "at most \(limit) entries", found: "\(list.value.count)")
            return []
        }
        return list.value.compactMap { node in
            let place = node.position ?? list.position
            guard let text = node.scalar?.string else {
                reader.log.add(
                    .wrongType, at: place, "deny_metrics: expected names or patterns of metrics, found \(node.kind)")
                return nil
            }
            guard !text.isEmpty else {
                reader.reject(
                    "deny_metrics", at: place, expected: "names or patterns of metrics", found: "an empty text")
                return nil
            }
            do throws(RelabelError) {
                _ = try rule(text)
            } catch {
                reader.log.add(.invalidValue, at: place, "deny_metrics: \(error)")
            }
            return text
        }
    }

    /// What drops the metrics that never leave.
    package var denyRules: [RelabelRule] { denyMetrics.compactMap { try? Self.rule($0) } }

    private static func rule(_ pattern: String) throws(RelabelError) -> RelabelRule {
        var fields = RelabelRule.Fields()
        fields.action = .drop
        fields.sourceLabels = ["__name__"]
        fields.regex = pattern
        return try RelabelRule(fields)
    }
}
