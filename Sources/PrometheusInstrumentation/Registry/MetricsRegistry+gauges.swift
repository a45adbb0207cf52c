extension MetricsRegistry {
    /// Makes a gauge.
    public func gauge(_ name: String, help: String) throws(RegistrationError) -> Gauge {
        try gauge(name, help: help, labels: [])[values: []]
    }

    /// Makes a family of gauges with these label names.
    public func gauge(
        _ name: String, help: String, labels: [String], limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> GaugeFamily {
        let descriptor = MetricDescriptor(name, help: help, type: .gauge, labels: labels)
        return try family(descriptor, limits: limits, make: { Gauge() }, read: { .number($0.value) })
    }

    /// Makes a family of gauges with typed labels.
    public func gauge<Labels: MetricLabels>(
        _ name: String, help: String, labels: Labels.Type, limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> TypedMetricFamily<Labels, Gauge> {
        TypedMetricFamily(try gauge(name, help: help, labels: Labels.labelNames, limits: limits))
    }

    /// Registers a gauge whose value a closure gives each time a page is made.
    public func gauge(
        _ name: String, help: String, read: @escaping @Sendable () -> Double
    ) throws(RegistrationError) {
        try function(MetricDescriptor(name, help: help, type: .gauge), limits: SeriesLimits()) { [([], read())] }
    }

    /// Registers a family of gauges whose label values and values a closure gives each time a page is made.
    public func gauge(
        _ name: String, help: String, labels: [String], limits: SeriesLimits = SeriesLimits(),
        read: @escaping @Sendable () -> [([String], Double)]
    ) throws(RegistrationError) {
        try function(MetricDescriptor(name, help: help, type: .gauge, labels: labels), limits: limits, read: read)
    }
}
