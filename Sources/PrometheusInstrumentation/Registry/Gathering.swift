/// One gathering of all metrics of a registry.
///
/// Owns the families gathered so far, and keeps out what would make the page contradict itself: the first wins.
struct Gathering {
    private(set) var families: [FamilySnapshot] = []
    private var indices: [String: Int] = [:]
    private let reserved: [String: MetricDescriptor]
    private let misuse: MisuseLedger

    /// - Parameter reserved: the names that are registered; an unchecked collector may not append to them.
    init(reserved: [String: MetricDescriptor], misuse: MisuseLedger) {
        self.reserved = reserved
        self.misuse = misuse
    }

    /// Adds a family that was checked at registration.
    mutating func append(_ family: FamilySnapshot) {
        indices[family.header.descriptor.name] = families.count
        families.append(family)
    }

    /// Asks a collector, and adds what it says. If it throws, nothing of it is added.
    mutating func collect(_ registered: RegisteredCollector) {
        let isChecked = !registered.descriptors.isEmpty
        var sink = MetricSink(allowed: isChecked ? registered.descriptors : nil, misuse: misuse)
        do {
            try registered.collector.collect(into: &sink)
        } catch {
            return misuse.record(.collectorFailed)
        }
        for family in sink.families {
            if isChecked { append(family) } else { appendUnchecked(family) }
        }
    }

    private mutating func appendUnchecked(_ family: FamilySnapshot) {
        let descriptor = family.header.descriptor
        let find = { [reserved, indices, families] (name: String) in
            reserved[name] ?? indices[name].map { families[$0].header.descriptor }
        }
        guard reserved[descriptor.name] == nil, descriptor.collision(find) == nil else {
            return misuse.record(.inconsistentMetric)
        }
        guard let index = indices[descriptor.name] else { return append(family) }
        guard families[index].header.descriptor == descriptor else { return misuse.record(.inconsistentMetric) }
        // Another unchecked collector appended to the same family: join their series.
        var builder = PointBuilder(header: family.header, limits: SeriesLimits(), misuse: misuse)
        for point in families[index].points + family.points { builder.append(point) }
        families[index] = builder.snapshot()
    }
}
