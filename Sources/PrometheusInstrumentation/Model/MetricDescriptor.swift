/// What a metric family is called and means: everything but its values.
///
/// A plain value that can be made freely; it is checked when it is registered, or when a sample under it is collected.
public struct MetricDescriptor: Sendable, Hashable {
    /// The metric's full name, such as `http_requests_total`.
    public var name: String
    /// One sentence for people; any characters.
    public var help: String
    /// The kind of metric.
    public var type: MetricType
    /// The names of the labels each sample carries, in the order in which their values are given.
    public var labelNames: [String]

    /// Describes a family.
    public init(_ name: String, help: String, type: MetricType, labels labelNames: [String] = []) {
        self.name = name
        self.help = help
        self.type = type
        self.labelNames = labelNames
    }
}
