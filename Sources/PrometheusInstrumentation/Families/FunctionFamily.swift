/// A family whose values are asked for when a page is made.
final class FunctionFamily: FamilySource {
    let header: FamilyHeader
    private let limits: SeriesLimits
    private let misuse: MisuseLedger
    private let read: @Sendable () -> [([String], Double)]

    init(
        header: FamilyHeader, limits: SeriesLimits, misuse: MisuseLedger,
        read: @escaping @Sendable () -> [([String], Double)]
    ) {
        self.header = header
        self.limits = limits
        self.misuse = misuse
        self.read = read
    }

    func snapshot() -> FamilySnapshot {
        var builder = PointBuilder(header: header, limits: limits, misuse: misuse)
        for (values, value) in read() { builder.append(values, value) }
        return builder.snapshot()
    }
}
