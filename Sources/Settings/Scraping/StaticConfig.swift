import Relabeling
import Yams

/// A group of targets written down in a job, with the labels they share.
package struct StaticConfig: Sendable {
    /// The targets in the order of the file.
    package var targets: [StaticTarget]
    /// Labels in the order of the file; values may be empty.
    package var labels: [(String, String)]

    /// A group from its parts.
    package init(targets: [StaticTarget], labels: [(String, String)] = []) {
        self.targets = targets
        self.labels = labels
    }

    /// - Parameter isRelabeled: rules may make addresses of what is none yet.
    static func readList(_ reader: MappingReader, isRelabeled: Bool) -> [StaticConfig] {
        let what = "groups, each with targets and labels"
        guard let list = reader.list("static_configs", of: what) else { return [] }
        return reader.elements(of: list, name: "static_config").map { read($0, isRelabeled) }
    }

    private static func read(_ reader: MappingReader, _ isRelabeled: Bool) -> StaticConfig {
        var targets: [StaticTarget] = []
        if let list = reader.list("targets", of: "host:port") {
            for node in list.value {
                let position = node.position ?? list.position
                guard let address = node.scalar?.string else {
                    reader.log.add(.wrongType, at: position, "targets: expected host:port, found \(node.kind)")
                    continue
                }
                if !isRelabeled, let mistake = StaticTarget.mistake(in: address) {
                    reader.log.add(.invalidValue, at: position, "targets: \(mistake)")
                }
                targets.append(StaticTarget(address: address, line: position.line, column: position.column))
            }
        }
        let labels = reader.labels("labels")?.value.map { ($0.name.value, $0.value) } ?? []
        reader.finish()
        return StaticConfig(targets: targets, labels: labels)
    }
}
