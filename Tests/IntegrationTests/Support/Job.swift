/// A job of an agent's configuration.
struct Job: Sendable {
    /// A target: an address, and a path when it is not `/metrics`.
    struct Target: Sendable {
        var address: String
        var path: String?
        var labels: [String: String] = [:]
    }

    var name: String
    var targets: [Target]
    /// More lines of the job.
    var more: [String] = []

    init(_ name: String, _ targets: [Target], more: [String] = []) {
        self.name = name
        self.targets = targets
        self.more = more
    }

    /// A job of one target.
    init(_ name: String, _ address: String, path: String? = nil, more: [String] = []) {
        self.init(name, [Target(address: address, path: path)], more: more)
    }

    var lines: [String] {
        let groups = targets.map { target in
            var labels = target.labels
            labels["__metrics_path__"] = target.path
            let pairs = labels.sorted { $0.key < $1.key }.map { "\($0.key): '\($0.value)'" }.joined(separator: ", ")
            return "      - {targets: ['\(target.address)'], labels: {\(pairs)}}"
        }
        return ["  - job_name: '\(name)'"] + more.map { "    " + $0 } + ["    static_configs:"] + groups
    }
}
