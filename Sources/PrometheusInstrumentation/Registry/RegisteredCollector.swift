/// A collector and the families it may append to.
struct RegisteredCollector: Sendable {
    let collector: any Collector
    /// By name; empty for an unchecked collector.
    let descriptors: [String: MetricDescriptor]
}
