/// Why a metric was not registered.
public struct RegistrationError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of refusal.
    public enum Code: Sendable, Hashable {
        /// The metric's name breaks a rule.
        case invalidName
        /// A label's name breaks a rule, is reserved or appears twice.
        case invalidLabelName
        /// The bounds of a histogram's buckets break a rule.
        case invalidBuckets
        /// The name is registered with another help, type, label list or buckets.
        case conflictingDefinition
        /// The name is registered, and what is behind it cannot be shared: a closure or a collector.
        case alreadyRegistered
        /// Samples of this metric would have the names of samples of another one.
        case collidingName
    }

    /// What kind of refusal this is.
    public let code: Code
    /// The name of the metric that was to be registered.
    public let metric: String
    /// What is wrong and what was expected, in one sentence.
    public let message: String

    init(_ code: Code, _ metric: String, _ message: String) {
        self.code = code
        self.metric = metric
        self.message = message
    }

    /// Metric and message.
    public var description: String { "metric `\(metric)`: \(message)" }
}
