/// The labels of a family as a type, so that the compiler checks their number and order.
///
/// ```swift
/// struct RequestLabels: MetricLabels {
///     static let labelNames = ["method", "code"]
///     var method: String
///     var code: Int
///     var labelValues: [String] { [method, String(code)] }
/// }
/// ```
public protocol MetricLabels: Sendable, Hashable {
    /// The labels' names.
    static var labelNames: [String] { get }
    /// One value for each name, in the same order.
    var labelValues: [String] { get }
}
