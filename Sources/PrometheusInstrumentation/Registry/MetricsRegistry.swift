import Synchronization

/// The metrics of a program, or of a part of it: checks their names when they are made, and writes the page.
///
/// Owns the registered families and collectors; it is not global, make as many as there are pages. Making a metric
/// registers it. Making an identical one again gives the existing one; making a contradicting one throws.
///
/// ```swift
/// let registry = MetricsRegistry()
/// let requests = try registry.counter("shop_requests_total", help: "Requests served.")
/// try registry.gauge("shop_queue_length", help: "Orders waiting.") { Double(queue.count) }
/// try registry.register(ProcessCollector())
/// requests.increment()
/// let page = registry.render()
/// ```
public final class MetricsRegistry: Sendable {
    private struct State: Sendable {
        /// Every reserved name, and what it was reserved as.
        var descriptors: [String: MetricDescriptor] = [:]
        var sources: [String: any FamilySource] = [:]
        var collectors: [RegisteredCollector] = []
    }

    let misuse = MisuseLedger()
    private let misuseFamily: FunctionFamily?
    private let state: Mutex<State>

    /// An empty registry.
    ///
    /// - Parameter selfMetrics: whether the page has `client_misuse_total`, which counts by reason the calls and
    ///   samples that were ignored because they broke a rule.
    public init(selfMetrics: Bool = true) {
        var state = State()
        if selfMetrics {
            let descriptor = MetricDescriptor(
                "client_misuse_total",
                help: "Calls and samples ignored by the metrics library because they broke a rule.",
                type: .counter, labels: ["reason"])
            state.descriptors[descriptor.name] = descriptor
            misuseFamily = FunctionFamily(
                header: FamilyHeader(descriptor), limits: SeriesLimits(), misuse: misuse
            ) { [misuse] in
                MisuseReason.allCases.map { ([$0.rawValue], Double(misuse.count($0))) }
            }
        } else {
            misuseFamily = nil
        }
        self.state = Mutex(state)
    }

    /// Registers a family that this library holds the values of, or finds the identical one.
    func family<Metric>(
        _ descriptor: MetricDescriptor, buckets: BucketLayout? = nil, limits: SeriesLimits,
        make: @escaping @Sendable () -> Metric, read: @escaping @Sendable (Metric) -> FamilySnapshot.Value
    ) throws(RegistrationError) -> MetricFamily<Metric> {
        try descriptor.validate()
        return try state.withLock { (state) throws(RegistrationError) -> MetricFamily<Metric> in
            if let known = state.descriptors[descriptor.name] {
                try Self.checkEqual(descriptor, known)
                guard let family = state.sources[descriptor.name] as? MetricFamily<Metric> else {
                    throw Self.notShareable(descriptor)
                }
                guard family.header.buckets?.upperBounds == buckets?.upperBounds else {
                    throw RegistrationError(
                        .conflictingDefinition, descriptor.name, "it is registered with other buckets")
                }
                return family
            }
            try Self.checkCollision(descriptor, state)
            let family = MetricFamily<Metric>(
                header: FamilyHeader(descriptor, buckets: buckets), limits: limits, misuse: misuse, make: make,
                read: read)
            state.descriptors[descriptor.name] = descriptor
            state.sources[descriptor.name] = family
            return family
        }
    }

    /// Registers a family whose values a closure gives.
    func function(
        _ descriptor: MetricDescriptor, limits: SeriesLimits, read: @escaping @Sendable () -> [([String], Double)]
    ) throws(RegistrationError) {
        try descriptor.validate()
        try state.withLock { (state) throws(RegistrationError) in
            try Self.checkFree(descriptor, state)
            state.descriptors[descriptor.name] = descriptor
            state.sources[descriptor.name] = FunctionFamily(
                header: FamilyHeader(descriptor), limits: limits, misuse: misuse, read: read)
        }
    }

    /// Registers a collector under the names it describes; one that describes nothing is always taken.
    public func register(_ collector: some Collector) throws(RegistrationError) {
        var described: [String: MetricDescriptor] = [:]
        for descriptor in collector.descriptors {
            try descriptor.validate()
            if let other = described[descriptor.name] { try Self.checkEqual(descriptor, other) }
            described[descriptor.name] = descriptor
        }
        for descriptor in described.values {
            if let other = descriptor.collision({ described[$0] }) { throw Self.colliding(descriptor, other) }
        }
        try state.withLock { (state) throws(RegistrationError) in
            for descriptor in described.values { try Self.checkFree(descriptor, state) }
            state.descriptors.merge(described) { known, _ in known }
            state.collectors.append(RegisteredCollector(collector: collector, descriptors: described))
        }
    }

    /// Takes a metric off the page and frees its name; with it goes the whole collector that described it.
    ///
    /// - Returns: whether there was such a metric. Unchecked collectors have no names and stay.
    @discardableResult
    public func unregister(_ name: String) -> Bool {
        state.withLock { state in
            if state.sources.removeValue(forKey: name) != nil {
                state.descriptors[name] = nil
                return true
            }
            guard let index = state.collectors.firstIndex(where: { $0.descriptors[name] != nil }) else { return false }
            for name in state.collectors.remove(at: index).descriptors.keys { state.descriptors[name] = nil }
            return true
        }
    }

    /// The page in the text format, version 0.0.4; its Content-Type is ``TextFormat/contentType``.
    public func render() -> [UInt8] {
        var output: [UInt8] = []
        render(into: &output)
        return output
    }

    /// Appends the page in the text format, version 0.0.4.
    public func render(into output: inout [UInt8]) {
        for family in gather() { TextFormat.append(family, to: &output) }
    }

    /// All families of this moment, sorted by name. No lock is held while closures and collectors are asked.
    func gather() -> [FamilySnapshot] {
        let (sources, collectors, descriptors) = state.withLock { state in
            (Array(state.sources.values), state.collectors, state.descriptors)
        }
        var gathering = Gathering(reserved: descriptors, misuse: misuse)
        for source in sources { gathering.append(source.snapshot()) }
        for collector in collectors { gathering.collect(collector) }
        var families = gathering.families
        // Last, so that it knows what went wrong on this page.
        if let misuseFamily { families.append(misuseFamily.snapshot()) }
        return families.sorted { $0.header.descriptor.name < $1.header.descriptor.name }
    }
}

extension MetricsRegistry {
    private static func checkEqual(
        _ descriptor: MetricDescriptor, _ known: MetricDescriptor
    ) throws(RegistrationError) {
        guard descriptor != known else { return }
        let difference =
            if descriptor.type != known.type {
                "as a \(known.type.rawValue), not a \(descriptor.type.rawValue)"
            } else if descriptor.labelNames != known.labelNames {
                "with labels [\(known.labelNames.joined(separator: ", "))], "
                    + "not [\(descriptor.labelNames.joined(separator: ", "))]"
            } else {
                "with another help text"
            }
        throw RegistrationError(.conflictingDefinition, descriptor.name, "it is registered \(difference)")
    }

    private static func checkFree(_ descriptor: MetricDescriptor, _ state: State) throws(RegistrationError) {
        if let known = state.descriptors[descriptor.name] {
            try checkEqual(descriptor, known)
            throw notShareable(descriptor)
        }
        try checkCollision(descriptor, state)
    }

    private static func checkCollision(_ descriptor: MetricDescriptor, _ state: State) throws(RegistrationError) {
        if let other = descriptor.collision({ state.descriptors[$0] }) { throw colliding(descriptor, other) }
    }

    private static func colliding(_ descriptor: MetricDescriptor, _ other: String) -> RegistrationError {
        RegistrationError(
            .collidingName, descriptor.name, "its samples would have the names of samples of `\(other)`")
    }

    private static func notShareable(_ descriptor: MetricDescriptor) -> RegistrationError {
        RegistrationError(
            .alreadyRegistered, descriptor.name,
            "it is registered already, and values that a closure or a collector gives cannot be shared")
    }
}
