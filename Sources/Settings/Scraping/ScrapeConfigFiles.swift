import Yams

/// Jobs in other files: those of `scrape_config_files`, and those of a whole Prometheus configuration.
///
/// Relative paths in a file are relative to its own directory. What is wrong in a file is told with its name.
enum ScrapeConfigFiles {
    /// The sections of prometheus.yml that are not an agent's.
    private static let others = [
        "rule_files", "alerting", "remote_write", "remote_read", "storage", "tracing", "otlp", "runtime",
    ]
    /// What stands in its global section besides what jobs inherit.
    private static let globals = [
        "evaluation_interval", "rule_query_offset", "query_log_file", "external_labels",
    ]

    /// `scrape_config_files`: patterns of files with `scrape_configs` and nothing else.
    static func readList(
        _ reader: MappingReader, inheriting global: GlobalSettings, names: JobNames
    ) -> [ScrapeConfig] {
        guard let list = reader.list("scrape_config_files", of: "paths") else { return [] }
        var jobs: [ScrapeConfig] = []
        for node in list.value {
            let place = node.position ?? list.position
            guard let pattern = node.scalar?.string, !pattern.isEmpty, !pattern.utf8.contains(0) else {
                reader.log.add(.wrongType, at: place, "scrape_config_files: expected a list of paths")
                continue
            }
            let path = FilePath.resolve(pattern, in: reader.log.directory)
            let matches = PathPattern.isPattern(path) ? PathPattern.matches(path) : [path]
            guard let matches else {
                reader.log.add(.unusableFile, at: place, "scrape_config_files: \(path): its directory cannot be read")
                continue
            }
            for path in matches {
                jobs += read(path, key: "scrape_config_files", at: place, reader.log) { inner in
                    defer { inner.finish() }
                    return ScrapeConfig.readList(inner, inheriting: global, names: names)
                }
            }
        }
        return jobs
    }

    /// `scrape_configs_file`: a whole prometheus.yml, of which `global` and the jobs are taken.
    static func readPrometheus(_ reader: MappingReader, names: JobNames) -> [ScrapeConfig] {
        guard let file = reader.string("scrape_configs_file", expected: "the path of a prometheus.yml"),
            !file.value.isEmpty
        else { return [] }
        let path = FilePath.resolve(file.value, in: reader.log.directory)
        return read(path, key: "scrape_configs_file", at: file.key, reader.log) { inner in
            let skipped = inner.skip(others)
            let section = inner.mapping("global")
            let skippedGlobals = section?.skip(globals) ?? []
            if !skipped.isEmpty || !skippedGlobals.isEmpty {
                let all = skipped + skippedGlobals.map { "global.\($0)" }
                inner.log.note("not an agent's, and not used: \(all.joined(separator: ", "))", at: inner.position)
            }
            let global = GlobalSettings.read(section)
            let jobs =
                ScrapeConfig.readList(inner, inheriting: global, names: names)
                + readList(inner, inheriting: global, names: names)
            inner.finish()
            return jobs
        }
    }

    private static func read(
        _ path: String, key: String, at place: SourcePosition, _ log: ProblemLog,
        _ body: (MappingReader) -> [ScrapeConfig]
    ) -> [ScrapeConfig] {
        let inner = ProblemLog(file: path)
        defer { log.take(inner, key: key, at: place) }
        let cure = "write it, or correct \(key)"
        return Document.read(name: "scrape_configs", cure: cure, mayBeEmpty: true, log: inner).map(body) ?? []
    }
}
