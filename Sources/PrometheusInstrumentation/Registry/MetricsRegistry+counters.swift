extension MetricsRegistry {
    /// Makes a counter. Its name must end with `_total`.
    public func counter(_ name: String, help: String) throws(RegistrationError) -> Counter {
        try counter(name, help: help, labels: [])[values: []]
    }

    /// Makes a family of counters with these label names.
    public func counter(
        _ name: String, help: String, labels: [String], limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> CounterFamily {
        let descriptor = MetricDescriptor(name, help: help, type: .counter, labels: labels)
        return try family(
            descriptor, limits: limits, make: { [misuse] in Counter(misuse: misuse) }, read: { .number($0.value) })
    }

    /// Makes a family of counters with typed labels.
    public func counter<Labels: MetricLabels>(
        _ name: String, help: String, labels: Labels.Type, limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> TypedMetricFamily<Labels, Counter> {
        TypedMetricFamily(try counter(name, help: help, labels: Labels.labelNames, limits: limits))
    }

    /// Registers a counter whose value a closure gives each time a page is made.
    ///
    /// The value should never fall while the process lives; one that is negative or NaN is left out.
    public func counter(
        _ name: String, help: String, read: @escaping @Sendable () -> Double
    ) throws(RegistrationError) {
        try function(MetricDescriptor(name, help: help, type: .counter), limits: SeriesLimits()) { [([], read())] }
    }

    /// Registers a family of counters whose label values and values a closure gives each time a page is made.
    public func counter(
        _ name: String, help: String, labels: [String], limits: SeriesLimits = SeriesLimits(),
        read: @escaping @Sendable () -> [([String], Double)]
    ) throws(RegistrationError) {
        try function(MetricDescriptor(name, help: help, type: .counter, labels: labels), limits: limits, read: read)
    }
}
