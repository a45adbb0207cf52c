import Settings
import Testing

struct ScrapeConfigTests {
    private func job(_ global: String, _ job: String) throws -> ScrapeConfig {
        let text = collectorLines + "global: {\(global)}\nscrape_configs:\n  - {job_name: a, \(job)}\n"
        return try #require(try loadAgent(text).scrapeConfigs.first)
    }

    @Test(
        arguments: [
            ("", "", 60_000, 10_000), ("scrape_interval: 15s", "", 15_000, 10_000),
            ("scrape_interval: 5s", "", 5000, 5000),
            ("", "scrape_interval: 5s", 5000, 5000), ("scrape_timeout: 20s", "scrape_interval: 15s", 15_000, 15_000),
            ("scrape_timeout: 20s", "", 60_000, 20_000), ("", "scrape_interval: 5s, scrape_timeout: 2s", 5000, 2000),
            ("scrape_interval: 30s", "scrape_interval: 0s, scrape_timeout: 0", 30_000, 10_000),
            ("scrape_interval: 0", "", 60_000, 10_000), ("", "scrape_interval: ~", 60_000, 10_000),
        ] as [(String, String, Int64, Int64)])
    func `interval and timeout are inherited as in Prometheus`(
        global: String, own: String, interval: Int64, timeout: Int64
    ) throws {
        let job = try job(global, own)
        #expect(job.scrapeInterval == interval)
        #expect(job.scrapeTimeout == timeout)
    }

    @Test(arguments: [
        ("", "", 16 << 20), ("body_size_limit: 1MB", "", 1 << 20),
        ("body_size_limit: 1MB", "body_size_limit: 0", 1 << 20),
        ("body_size_limit: 1MB", "body_size_limit: 2MiB", 2 << 20), ("body_size_limit: 0", "", 16 << 20),
        ("", "body_size_limit: 5000", 5000),
    ]) func `the body limit is always finite and 0 inherits`(global: String, own: String, limit: Int) throws {
        #expect(try job(global, own).bodySizeLimit == limit)
    }

    @Test func `what is left out is as in Prometheus`() throws {
        let job = try job("", "")
        #expect(job.metricsPath == "/metrics")
        #expect(job.scheme == "http")
        #expect(job.params.isEmpty)
        #expect(!job.honorLabels)
        #expect(job.enableCompression)
        #expect(job.followRedirects)
        #expect(job.tlsConfig == nil)
        #expect(job.staticConfigs.isEmpty)
        #expect(job.line == 11)
    }

    @Test func `everything a job can say is read`() throws {
        let settings = try loadAgent(
            collectorLines + """
                scrape_configs:
                  - job_name: black box
                    metrics_path: /probe
                    scheme: https
                    params: {module: [http_2xx, 5], 'match[]': ['up']}
                    honor_labels: yes
                    enable_compression: off
                    follow_redirects: false
                    tls_config: {ca_file: ca.pem, server_name: example.com, insecure_skip_verify: true, min_version: TLS13}
                    static_configs:
                      - targets: [a:1, '[::1]:9100', host]
                        labels: {env: 1, empty: '', none: }
                      - targets: []
                """)
        let job = try #require(settings.scrapeConfigs.first)
        #expect(job.jobName == "black box")
        #expect(job.metricsPath == "/probe")
        #expect(job.scheme == "https")
        #expect(job.params.map(\.0) == ["module", "match[]"])
        #expect(job.params.map(\.1) == [["http_2xx", "5"], ["up"]])
        #expect(job.honorLabels)
        #expect(!job.enableCompression)
        #expect(!job.followRedirects)
        #expect(job.tlsConfig?.caFile?.hasSuffix("/ca.pem") == true)
        #expect(job.tlsConfig?.certFile == nil)
        #expect(job.tlsConfig?.serverName == "example.com")
        #expect(job.tlsConfig?.insecureSkipVerify == true)
        #expect(job.tlsConfig?.minVersion == .tls13)
        #expect(job.staticConfigs.map { $0.targets.map(\.address) } == [["a:1", "[::1]:9100", "host"], []])
        #expect(job.staticConfigs.first?.targets.map(\.line) == [19, 19, 19])
        #expect(job.staticConfigs.first?.targets.map(\.column) == [19, 24, 38])
        #expect(job.staticConfigs.first?.labels.map(\.0) == ["env", "empty", "none"])
        #expect(job.staticConfigs.first?.labels.map(\.1) == ["1", "", ""])
        #expect(
            settings.describe().suffix(2) == [
                #"job "black box": 3 targets, every 1m, timeout 10s"#, "  with honor_labels, tls_config",
            ])
    }
}
