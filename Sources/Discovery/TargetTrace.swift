package import Relabeling

/// What became of one address that was found: for people who ask why a target is, or is not, scraped.
package struct TargetTrace: Sendable {
    /// The ways it can go.
    package enum Fate: Sendable, Hashable {
        case scraped(Target)
        /// The rule of `relabel_configs` that dropped it, counted from 1.
        case dropped(rule: Int)
        /// It has the final labels and the URL of another one of its job.
        case joined
        /// A sentence that says why it cannot be scraped.
        case rejected(String)
    }

    package var job: String
    /// The labels before relabeling.
    package var discovered: Labels
    package var fate: Fate
}
