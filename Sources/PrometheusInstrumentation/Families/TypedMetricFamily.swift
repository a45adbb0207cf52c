/// A family whose labels are a type: a ``MetricFamily`` that cannot be asked with the wrong labels.
public struct TypedMetricFamily<Labels: MetricLabels, Metric: AnyObject & Sendable>: Sendable {
    /// The same family by label values.
    public let family: MetricFamily<Metric>

    init(_ family: MetricFamily<Metric>) {
        self.family = family
    }

    /// The series with these labels; it is made if it is new.
    public subscript(_ labels: Labels) -> Metric { family[values: labels.labelValues] }

    /// Takes the series with these labels off the page.
    ///
    /// - Returns: whether there was such a series.
    @discardableResult
    public func delete(_ labels: Labels) -> Bool { family.delete(values: labels.labelValues) }
}
