import NIOCore
import Relabeling
import SeriesRules

/// A policy with a target, applied to bodies given as text.
struct Job {
    static let openMetrics = "application/openmetrics-text; version=1.0.0"

    var policy = SeriesPolicy()
    var target = Labels([("instance", "i:1"), ("job", "j")])
    var contentType = "text/plain; version=0.0.4"

    init(_ rules: [RelabelRule] = [], honorLabels: Bool = false) {
        policy.rules = rules
        policy.honorLabels = honorLabels
    }

    func makeRules() -> SeriesRules { SeriesRules(policy: policy, targetLabels: target) }

    func outcome(_ body: String) -> SeriesRules.Outcome {
        makeRules().apply(to: ByteBuffer(string: body), contentType: contentType)
    }

    /// The body that comes out, the second time of two, when all lines are known.
    func page(_ body: String) -> String {
        let rules = makeRules()
        let first = rules.apply(to: ByteBuffer(string: body), contentType: contentType)
        let second = rules.apply(to: ByteBuffer(string: body), contentType: contentType)
        return first.body == second.body ? String(buffer: second.body) : "a known body comes out otherwise"
    }
}
