/// What agent.yml says, checked and with every default filled in.
package struct AgentSettings: Sendable {
    /// The file, as the user named it.
    package var file: String
    /// Whom the agent streams to, at least one.
    package var collectors: [CollectorAddress]
    /// Where the scrape log is kept.
    package var log: AgentLogSettings
    /// What jobs inherit.
    package var global: GlobalSettings
    /// What the operator permits, whatever jobs and discovery say.
    package var policy = AgentPolicy()
    /// The jobs, in the order of the file.
    package var scrapeConfigs: [ScrapeConfig]
    /// What a person should know of the file although nothing is wrong with it, a line each.
    package var notices: [String] = []
    /// Milliseconds SIGTERM leaves for a last scrape and its delivery.
    package var shutdownGracePeriod: Int64

    /// Settings made without a file.
    package init(
        file: String = "agent.yml", collectors: [CollectorAddress], log: AgentLogSettings = AgentLogSettings(),
        global: GlobalSettings = GlobalSettings(), scrapeConfigs: [ScrapeConfig] = [],
        shutdownGracePeriod: Int64 = 25_000
    ) {
        self.file = file
        self.collectors = collectors
        self.log = log
        self.global = global
        self.scrapeConfigs = scrapeConfigs
        self.shutdownGracePeriod = shutdownGracePeriod
    }
}

extension AgentSettings {
    /// The settings in the file at `path`, or every problem found in it.
    package static func load(path: String) throws(SettingsProblems) -> AgentSettings {
        let log = ProblemLog(file: path)
        let cure = "name the agent's settings with --config FILE"
        let settings = Document.read(name: "the agent's settings", cure: cure, log: log).map { read($0) }
        return try log.result(settings)
    }

    private static func read(_ reader: MappingReader) -> AgentSettings {
        let collectors = CollectorAddress.readList(reader)
        let logSettings = AgentLogSettings.read(reader.mapping("log"))
        let global = GlobalSettings.read(reader.mapping("global"))
        let names = JobNames()
        let jobs =
            ScrapeConfig.readList(reader, inheriting: global, names: names)
            + ScrapeConfigFiles.readList(reader, inheriting: global, names: names)
            + ScrapeConfigFiles.readPrometheus(reader, names: names)
        let policy = AgentPolicy.read(reader.mapping("policy"))
        if !policy.denyMetrics.isEmpty {
            for job in jobs where job.negotiation.formats.contains(.protobuf) {
                reader.log.add(
                    .conflict, at: reader.position(of: "policy") ?? reader.position,
                    "policy: deny_metrics cannot be applied to protobuf, which job \(Quotation.quote(job.jobName)) asks for: "
                        + "leave PrometheusProto and scrape_native_histograms out of it")
            }
        }
        let grace = reader.duration("shutdown_grace_period")?.value ?? 25_000
        reader.finish(advice: UnsupportedKeys.agent)
        var settings = AgentSettings(
            file: reader.log.file, collectors: collectors, log: logSettings, global: global, scrapeConfigs: jobs,
            shutdownGracePeriod: grace)
        settings.policy = policy
        settings.notices = reader.log.notices
        return settings
    }
}
