import Relabeling
import Settings
import Testing

/// Jobs that stand in other files than the agent's own.
struct ScrapeConfigFilesTests {
    private let directory: TemporaryDirectory

    init() throws { directory = try TemporaryDirectory.withCertificates() }

    private func load(_ text: String) throws -> AgentSettings {
        try AgentSettings.load(path: directory.write("agent.yml", collectorLines + text))
    }

    private func problems(_ text: String) throws -> [String] {
        try SettingsTests.problems(in: directory, file: "agent.yml", text: collectorLines + text) { path in
            _ = try AgentSettings.load(path: path)
        }
    }

    @Test func `files of jobs are found by their pattern, in order, and inherit the global section`() throws {
        try directory.write("b.jobs.yml", "scrape_configs: [{job_name: b}]\n")
        try directory.write("a.jobs.yml", "scrape_configs: [{job_name: a, scrape_interval: 7s}, {job_name: c}]\n")
        try directory.write("empty.jobs.yml", "")
        let settings = try load(
            """
            global: {scrape_interval: 30s, sample_limit: 5}
            scrape_config_files: ['*.jobs.yml', 'missing*.yml']
            scrape_configs: [{job_name: own}]

            """)
        #expect(settings.scrapeConfigs.map(\.jobName) == ["own", "a", "c", "b"])
        #expect(settings.scrapeConfigs.map(\.scrapeInterval) == [30_000, 7_000, 30_000, 30_000])
        #expect(settings.scrapeConfigs.allSatisfy { $0.limits.samples == 5 })
        #expect(settings.notices.isEmpty)
    }

    @Test func `of a whole Prometheus configuration jobs and global section count, and the rest is told`() throws {
        try directory.write("jobs.yml", "scrape_configs: [{job_name: more}]\n")
        try directory.write(
            "prometheus.yml",
            """
            global: {scrape_interval: 20s, evaluation_interval: 1m, external_labels: {a: b}}
            rule_files: [x.yml]
            remote_write: [{url: 'http://a/'}]
            scrape_config_files: [jobs.yml]
            scrape_configs:
              - {job_name: p, keep_dropped_targets: 5, enable_http2: true}

            """)
        let settings = try load(
            "global: {scrape_interval: 1s, scrape_timeout: 1s}\nscrape_configs_file: prometheus.yml\n")
        #expect(settings.scrapeConfigs.map(\.jobName) == ["p", "more"])
        #expect(settings.scrapeConfigs.map(\.scrapeInterval) == [20_000, 20_000])
        let notices = settings.notices.map { $0.replacing(directory.path + "/", with: "") }
        #expect(
            notices == [
                "prometheus.yml:1: not an agent's, and not used: rule_files, remote_write, global.evaluation_interval, "
                    + "global.external_labels",
                "prometheus.yml:6: keep_dropped_targets is for the Prometheus that stores the samples: set it in the job "
                    + "that reads the collector's /sd",
                "prometheus.yml:6: enable_http2: targets are scraped over HTTP/1.1",
            ])
        for notice in settings.notices { #expect(settings.describe().contains("note: " + notice)) }
    }

    @Test func `what is wrong in another file is told with its name and place`() throws {
        try directory.write(
            "jobs.yml", "scrape_configs:\n  - {job_name: own}\n  - {job_name: b, scheme: ftp}\nglobal: {}\n")
        let found = try problems("scrape_config_files: [jobs.yml, gone.yml]\nscrape_configs: [{job_name: own}]\n")
        #expect(
            found == [
                "9:33: scrape_config_files: gone.yml: No such file or directory: write it, or correct scrape_config_files",
                #"jobs.yml:2:16: job_name: "own" is used twice, first in agent.yml line 10: expected a name of its own"#,
                #"jobs.yml:3:27: scheme: expected http or https, found "ftp""#,
                #"jobs.yml:4:1: scrape_configs: unknown key "global", expected scrape_configs"#,
            ])
    }

    @Test func `limits and formats are inherited, and checked`() throws {
        let limited = try load(
            """
            global: {sample_limit: 10, label_limit: 3, scrape_protocols: [PrometheusText0.0.4]}
            scrape_configs: [{job_name: a, sample_limit: 0, label_limit: 9, target_limit: 2}]

            """
        ).scrapeConfigs[0]
        #expect(limited.limits.samples == 10 && limited.limits.labels == 9 && limited.limits.targets == 2)
        #expect(limited.negotiation.accept == "text/plain;version=0.0.4;q=0.6,*/*;q=0.5")
        let formats = "scrape_protocols: [PrometheusProto, OpenMetricsText1.0.0], metric_name_escaping_scheme: dots"
        let asking = try load("scrape_configs: [{job_name: b, \(formats)}]\n").scrapeConfigs[0]
        #expect(
            asking.negotiation.accept
                == "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                + "application/openmetrics-text;version=1.0.0;escaping=dots;q=0.5,*/*;q=0.4")
        #expect(
            try problems("scrape_configs: [{job_name: c, scrape_native_histograms: true, sample_limit: 5}]\n") == [
                #"9:18: job "c" asks for protobuf, to which this version of Culvert does not apply limits on samples and "#
                    + "labels: set those at the reader, or leave PrometheusProto and scrape_native_histograms out"
            ])
        #expect(
            try problems(
                "scrape_configs: [{job_name: a, scrape_protocols: [HTML], sample_limit: -1, fallback_scrape_protocol: x}]\n"
            ).count == 3)
    }

    @Test func `by default targets are asked as Prometheus 3 asks, but for the escaping of names`() throws {
        #expect(ScrapeNegotiation().accept == Target.standardAccept)
        var histograms = ScrapeNegotiation()
        histograms.nativeHistograms = true
        #expect(
            histograms.accept
                == "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited;q=0.6,"
                + "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
                + "text/plain;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1")
    }
}
