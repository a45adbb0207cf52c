import Relabeling

/// What makes two targets the same one: their final labels and the URL, as in Prometheus.
struct TargetIdentity: Hashable {
    var labels: Labels
    var url: String
}
