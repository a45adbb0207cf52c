import Relabeling

/// What a provider knows now.
struct DiscoveryReport: Sendable, Hashable {
    /// All groups; nil when nothing changed.
    var groups: [TargetGroup]?
    /// What went wrong, a sentence each that names the source.
    var problems: [String] = []
}
