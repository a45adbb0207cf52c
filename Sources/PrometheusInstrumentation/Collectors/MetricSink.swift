/// Takes the samples of a collector, and turns them into families.
///
/// Owns the samples of one collection. A sample that breaks a rule (labels that do not fit the descriptor, a series
/// twice, a description that contradicts an earlier one) is left out and counted; the others stand. It can also be
/// used by itself, to write a page that belongs to no registry.
public struct MetricSink {
    private let misuse: MisuseLedger
    private let limits: SeriesLimits
    /// Families by name that may be appended to; nil for any.
    private let allowed: [String: MetricDescriptor]?
    private var builders: [PointBuilder] = []
    private var indices: [String: Int] = [:]

    /// An empty sink that takes any family.
    ///
    /// - Parameter limits: how many series each family may have; what is beyond is left out.
    public init(limits: SeriesLimits = SeriesLimits()) {
        self.init(allowed: nil, limits: limits, misuse: MisuseLedger())
    }

    init(allowed: [String: MetricDescriptor]?, limits: SeriesLimits = SeriesLimits(), misuse: MisuseLedger) {
        self.allowed = allowed
        self.limits = limits
        self.misuse = misuse
    }

    /// Appends a sample of a counter, gauge or untyped family.
    ///
    /// - Parameters:
    ///   - descriptor: the family.
    ///   - values: one label value for each label name of the descriptor, in the same order.
    ///   - value: the value; for a counter not negative and not NaN.
    public mutating func append(_ descriptor: MetricDescriptor, labels values: [String] = [], _ value: Double) {
        guard let index = index(of: descriptor) else { return misuse.record(.inconsistentMetric) }
        builders[index].append(values, value)
    }

    private mutating func index(of descriptor: MetricDescriptor) -> Int? {
        if let index = indices[descriptor.name] {
            return builders[index].header.descriptor == descriptor ? index : nil
        }
        // Their samples have buckets or quantiles; a single number is none of them.
        guard descriptor.type != .histogram, descriptor.type != .summary else { return nil }
        if let allowed {
            guard allowed[descriptor.name] == descriptor else { return nil }
        } else if (try? descriptor.validate()) == nil {
            return nil
        }
        let index = builders.count
        builders.append(PointBuilder(header: FamilyHeader(descriptor), limits: limits, misuse: misuse))
        indices[descriptor.name] = index
        return index
    }

    var families: [FamilySnapshot] { builders.map { $0.snapshot() } }

    /// Appends what was collected as a page in the text format, sorted by name and labels.
    public func render(into output: inout [UInt8]) {
        for family in families.sorted(by: { $0.header.descriptor.name < $1.header.descriptor.name }) {
            TextFormat.append(family, to: &output)
        }
    }
}
