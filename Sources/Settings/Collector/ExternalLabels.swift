import Relabeling

/// The `external_labels` of a collector, at the top or, as Prometheus has them, under `global`.
enum ExternalLabels {
    static func read(_ reader: MappingReader) -> Labels {
        let own = reader.labels("external_labels")
        var global: Located<[(name: Located<String>, value: String)]>?
        if let section = reader.mapping("global") {
            global = section.labels("external_labels")
            section.finish { key in
                ["scrape_interval", "scrape_timeout", "body_size_limit"].contains(key)
                    ? "\(key) belongs to an agent's settings: a collector does not scrape"
                    : UnsupportedKeys.agentGlobal(key)
            }
        }
        if own != nil, let global {
            reader.log.add(.conflict, at: global.key, "external_labels: given at the top too: expected it in one place")
        }
        let found = own ?? global
        for (name, value) in found?.value ?? [] where value.contains("$") {
            reader.log.add(
                .unsupported, at: name.position,
                "external_labels: environment variables ($) are not supported by this version of Culvert")
        }
        return Labels(found?.value.map { ($0.name.value, $0.value) } ?? [])
    }
}
