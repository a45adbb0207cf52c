/// Targets that were found together, and the labels they share.
package struct TargetGroup: Sendable, Hashable {
    /// As they were found: `host:port` as a rule.
    package var targets: [String]
    package var labels: Labels

    package init(targets: [String], labels: Labels = Labels()) {
        self.targets = targets
        self.labels = labels
    }
}
