import Relabeling

/// What a provider knows now.
struct DiscoveryReport: Sendable, Hashable {
    /// All groups; nil when nothing changed.
    var groups: [TargetGroup]?
    /// How many times something went wrong, told before or not.
    var failures = 0
    /// What went wrong and was not told before, a sentence each that names the source.
    var problems: [String] = []
}
