/// What the groups of a pattern matched; the first is the whole. Nil for a group that took no part.
struct PatternMatch: Sendable, Hashable {
    var groups: [String?]
}
