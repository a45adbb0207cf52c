package import Relabeling

/// What a job asks of the body of a scrape. Owns nothing but the settings; a `SeriesRules` per target carries them out.
package struct SeriesPolicy: Sendable {
    /// `metric_relabel_configs`, in order.
    package var rules: [RelabelRule]
    /// Whether labels in the body win over the target's when the two are joined, before the rules run.
    package var honorLabels: Bool
    /// False: timestamps in the body are removed.
    package var honorTimestamps: Bool
    /// The most samples a scrape may have after the rules; 0 for no limit. As in Prometheus 3, a series that is repeated
    /// without a timestamp counts once.
    package var sampleLimit: Int
    /// The most labels a series may have after the rules, `__name__` and the target's labels included; 0 for no limit.
    package var labelLimit: Int
    /// The most bytes the name of a label may have; 0 for no limit.
    package var labelNameLengthLimit: Int
    /// The most bytes the value of a label may have, that of `__name__` included; 0 for no limit.
    package var labelValueLengthLimit: Int

    /// Series that must not leave: patterns as `regex` of rules with the action `drop`, which run before and behind `rules`.
    /// With them a body is refused that has lines nobody can read, because those could be anything.
    package var denied: [RelabelRule] = []

    /// A policy from all its parts, the defaults being Prometheus': nothing is asked.
    package init(
        rules: [RelabelRule] = [], honorLabels: Bool = false, honorTimestamps: Bool = true, sampleLimit: Int = 0,
        labelLimit: Int = 0, labelNameLengthLimit: Int = 0, labelValueLengthLimit: Int = 0
    ) {
        self.rules = rules
        self.honorLabels = honorLabels
        self.honorTimestamps = honorTimestamps
        self.sampleLimit = sampleLimit
        self.labelLimit = labelLimit
        self.labelNameLengthLimit = labelNameLengthLimit
        self.labelValueLengthLimit = labelValueLengthLimit
    }

    /// False when bodies are to be left alone: then nobody needs to make a `SeriesRules`.
    package var isNeeded: Bool { readsLabels || !honorTimestamps || sampleLimit > 0 }

    /// All rules in the order in which they run.
    var chain: [RelabelRule] { denied + rules + (rules.isEmpty ? [] : denied) }

    /// Whether anything depends on the labels of a series.
    var readsLabels: Bool { !rules.isEmpty || !denied.isEmpty || limitsLabels }

    var limitsLabels: Bool { labelLimit > 0 || labelNameLengthLimit > 0 || labelValueLengthLimit > 0 }
}

// Rules are equal when their fields are: the rest of a rule is made of them.
extension SeriesPolicy: Hashable {
    package static func == (left: SeriesPolicy, right: SeriesPolicy) -> Bool {
        left.rules.map(\.fields) == right.rules.map(\.fields)
            && left.denied.map(\.fields) == right.denied.map(\.fields) && left.numbers == right.numbers
            && left.honorLabels == right.honorLabels && left.honorTimestamps == right.honorTimestamps
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(rules.map(\.fields))
        hasher.combine(denied.map(\.fields))
        hasher.combine(numbers)
        hasher.combine(honorLabels)
        hasher.combine(honorTimestamps)
    }

    private var numbers: [Int] { [sampleLimit, labelLimit, labelNameLengthLimit, labelValueLengthLimit] }
}
