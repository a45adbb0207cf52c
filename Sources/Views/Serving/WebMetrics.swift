import PrometheusInstrumentation
import Synchronization

/// The web port's own metrics. Labels come from a closed set of routes, never from a request.
final class WebMetrics: Sendable {
    private struct Answer: Hashable {
        let handler: String
        let code: Int
    }

    private let requests: MetricFamily<Counter>
    private let bytes: Counter
    /// The series there are, found without writing their labels each time.
    private let known = Mutex<[Answer: Counter]>([:])

    init(_ registry: MetricsRegistry) throws {
        requests = try registry.counter(
            "culvert_http_requests_total", help: "Requests answered on the web port.", labels: ["handler", "code"])
        bytes = try registry.counter(
            "culvert_http_response_bytes_total", help: "Bytes of bodies sent on the web port, before TLS.")
    }

    func count(_ handler: String, _ code: Int, bytes count: Int) {
        let answer = Answer(handler: handler, code: code)
        let counter = known.withLock { known in
            if let counter = known[answer] { return counter }
            let counter = requests[handler, "\(code)"]
            known[answer] = counter
            return counter
        }
        counter.increment()
        bytes.increment(by: Double(count))
    }
}
