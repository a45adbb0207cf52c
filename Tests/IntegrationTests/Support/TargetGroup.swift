/// One entry of `/sd`.
struct TargetGroup: Decodable, Sendable, Hashable {
    var targets: [String]
    var labels: [String: String]

    var path: String { labels["__metrics_path__"] ?? "" }
}
