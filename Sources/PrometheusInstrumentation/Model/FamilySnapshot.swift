/// The values of a family at one moment, as a page is made of them.
struct FamilySnapshot: Sendable {
    let header: FamilyHeader
    /// Sorted by labels, no labels twice.
    var points: [Point]

    /// One series.
    struct Point: Sendable {
        let labels: LabelBlock
        let value: Value
    }

    /// What a series shows.
    enum Value: Sendable {
        case number(Double)
        case histogram(HistogramState)
    }
}
