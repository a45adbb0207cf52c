import PrometheusInstrumentation

/// The web port's own metrics. Labels come from a closed set of routes, never from a request.
struct WebMetrics: Sendable {
    let requests: MetricFamily<Counter>
    let bytes: Counter

    init(_ registry: MetricsRegistry) throws {
        requests = try registry.counter(
            "culvert_http_requests_total", help: "Requests answered on the web port.", labels: ["handler", "code"])
        bytes = try registry.counter(
            "culvert_http_response_bytes_total", help: "Bytes of bodies sent on the web port, before TLS.")
    }

    func count(_ handler: String, _ code: Int, bytes count: Int) {
        requests[handler, "\(code)"].increment()
        bytes.increment(by: Double(count))
    }
}
