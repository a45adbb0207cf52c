/// A format that a target may be asked for.
package enum ScrapeProtocol: String, Sendable, Hashable, CaseIterable {
    case protobuf = "PrometheusProto"
    case openMetrics1 = "OpenMetricsText1.0.0"
    case openMetrics0 = "OpenMetricsText0.0.1"
    case text1 = "PrometheusText1.0.0"
    case text0 = "PrometheusText0.0.4"

    /// The media type with its parameters: what is asked for, and what a body of this format has as Content-Type where the
    /// target names none.
    package var contentType: String {
        switch self {
        case .protobuf:
            "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"
        case .openMetrics1: "application/openmetrics-text;version=1.0.0"
        case .openMetrics0: "application/openmetrics-text;version=0.0.1"
        case .text1: "text/plain;version=1.0.0"
        case .text0: "text/plain;version=0.0.4"
        }
    }

    /// Whether it can say how names outside the old alphabet are written.
    private var hasEscaping: Bool { self == .openMetrics1 || self == .text1 }

    /// The header `Accept` that asks for these formats, the first one most, as Prometheus 3 words it.
    ///
    /// - Parameter escaping: how names are to be written; nil does not ask.
    package static func accept(_ protocols: [ScrapeProtocol], escaping: String?) -> String {
        var weight = allCases.count + 1
        var parts: [String] = []
        for one in protocols {
            let scheme = one.hasEscaping ? escaping.map { ";escaping=\($0)" } ?? "" : ""
            parts.append("\(one.contentType)\(scheme);q=0.\(weight)")
            weight -= 1
        }
        parts.append("*/*;q=0.\(weight)")
        return parts.joined(separator: ",")
    }

    static let names = allCases.map(\.rawValue).joined(separator: ", ")
}
