/// Whose settings a file holds.
package enum SettingsKind: Sendable, Hashable {
    case agent
    case collector

    /// Tells from the keys at the top of the file at `path` whose settings it holds.
    package static func detect(path: String) throws(SettingsProblems) -> SettingsKind {
        let log = ProblemLog(file: path)
        let cure = "name an agent's or a collector's settings"
        var kind: SettingsKind?
        if let reader = Document.read(name: "an agent's or a collector's settings", cure: cure, log: log) {
            let keys = Set(reader.keys.map(\.name))
            let isAgent = !keys.isDisjoint(with: ["collectors", "scrape_configs"])
            let isCollector = !keys.isDisjoint(with: ["tunnel", "web", "agents"])
            switch (isAgent, isCollector) {
            case (true, false): kind = .agent
            case (false, true): kind = .collector
            case (true, true):
                log.add(
                    .malformed, at: reader.position,
                    "the file has keys of an agent (collectors, scrape_configs) and of a collector (tunnel, "
                        + "web, agents): split it in two"
                )
            case (false, false):
                log.add(
                    .malformed, at: reader.position,
                    "expected the key collectors of an agent's settings or the key tunnel of a collector's, "
                        + "found neither"
                )
            }
        }
        return try log.result(kind)
    }
}
