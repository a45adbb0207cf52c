/// Why the series of a body fail its scrape, as they would in Prometheus.
package struct SeriesFailure: Error, Sendable, Hashable, CustomStringConvertible {
    /// What went wrong.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// More samples are left than `sample_limit` allows.
        case sampleLimit
        /// A series has more labels than `label_limit` allows, or than rules are ever run on.
        case labelLimit
        /// The name of a label is longer than `label_name_length_limit` allows.
        case labelNameLengthLimit
        /// The value of a label is longer than `label_value_length_limit` allows.
        case labelValueLengthLimit
        /// A line that nobody can read, in a job some of whose series must not leave.
        case unreadableLine
        /// The rules have left a series without `__name__`.
        case missingMetricName
    }

    package var code: Code
    /// One sentence, in Prometheus' words where it has some; begins with the field of the configuration if one is to blame.
    package var message: String
    /// The series to blame as it stands in the body, cut after 100 characters; empty when it is not a single one.
    package var series: String

    package init(code: Code, message: String, series: String = "") {
        self.code = code
        self.message = message
        self.series = series
    }

    package var description: String { series.isEmpty ? message : "\(message): \(series)" }
}
