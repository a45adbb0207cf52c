/// Gathers the series of one family from code that may get them wrong.
///
/// Owns the series gathered so far; leaves out, and counts, what would spoil the page.
struct PointBuilder {
    let header: FamilyHeader
    private let limits: SeriesLimits
    private let misuse: MisuseLedger
    private var points: [FamilySnapshot.Point] = []
    private var seen: Set<LabelBlock> = []

    init(header: FamilyHeader, limits: SeriesLimits, misuse: MisuseLedger) {
        self.header = header
        self.limits = limits
        self.misuse = misuse
    }

    mutating func append(_ values: [String], _ value: Double) {
        guard let labels = header.labels.block(values) else { return misuse.record(.labelCount) }
        // NaN fails the comparison too.
        if header.descriptor.type == .counter, !(value >= 0) {
            return misuse.record(value.isNaN ? .notFinite : .negativeIncrement)
        }
        append(FamilySnapshot.Point(labels: labels, value: .number(value)))
    }

    mutating func append(_ point: FamilySnapshot.Point) {
        guard points.count < limits.maxSeries else { return misuse.record(.seriesLimit) }
        guard seen.insert(point.labels).inserted else { return misuse.record(.duplicateSeries) }
        points.append(point)
    }

    func snapshot() -> FamilySnapshot {
        FamilySnapshot(header: header, points: points.sorted { $0.labels < $1.labels })
    }
}
