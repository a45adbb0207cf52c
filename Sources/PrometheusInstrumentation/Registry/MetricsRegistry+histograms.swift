extension MetricsRegistry {
    /// Makes a histogram.
    public func histogram(
        _ name: String, help: String, buckets: HistogramBuckets = .standard
    ) throws(RegistrationError) -> Histogram {
        try histogram(name, help: help, labels: [], buckets: buckets)[values: []]
    }

    /// Makes a family of histograms with these label names and the same buckets.
    public func histogram(
        _ name: String, help: String, labels: [String], buckets: HistogramBuckets = .standard,
        limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> HistogramFamily {
        let layout = try buckets.layout(for: name)
        let descriptor = MetricDescriptor(name, help: help, type: .histogram, labels: labels)
        return try family(
            descriptor, buckets: layout, limits: limits,
            make: { [misuse] in Histogram(layout: layout, misuse: misuse) }, read: { .histogram($0.state) })
    }

    /// Makes a family of histograms with typed labels and the same buckets.
    public func histogram<Labels: MetricLabels>(
        _ name: String, help: String, labels: Labels.Type, buckets: HistogramBuckets = .standard,
        limits: SeriesLimits = SeriesLimits()
    ) throws(RegistrationError) -> TypedMetricFamily<Labels, Histogram> {
        TypedMetricFamily(
            try histogram(name, help: help, labels: Labels.labelNames, buckets: buckets, limits: limits))
    }
}
