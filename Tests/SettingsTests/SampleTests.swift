import Relabeling
import Settings
import Testing

struct SampleTests {
    @Test func `the agent's sample of the design loads`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let path = try directory.write(
            "agent.yml",
            """
            # agent.yml
            collectors:
              - address: collector.example.com:9443
                tls_config:
                  ca_file: ca.pem
                  cert_file: agent.pem
                  key_file: agent-key.pem
            log:
              directory: /var/lib/culvert/agent
              max_size: 1GiB
            global: {scrape_interval: 15s}
            scrape_configs: []
            """)
        let settings = try AgentSettings.load(path: path)
        let collector = try #require(settings.collectors.first)
        #expect(settings.collectors.count == 1)
        #expect(collector.name == "collector.example.com:9443")
        #expect(collector.host == "collector.example.com")
        #expect(collector.port == 9443)
        #expect(collector.tlsConfig.caFile == directory.path + "/ca.pem")
        #expect(collector.tlsConfig.certFile == directory.path + "/agent.pem")
        #expect(collector.tlsConfig.keyFile == directory.path + "/agent-key.pem")
        #expect(collector.tlsConfig.serverName == nil)
        #expect(collector.proxy == nil)
        #expect(settings.log.directory == "/var/lib/culvert/agent")
        #expect(settings.log.maxSize == 1 << 30)
        #expect(settings.log.memorySize == 64 << 20)
        #expect(settings.global.scrapeInterval == 15_000)
        #expect(settings.global.scrapeTimeout == 10_000)
        #expect(settings.global.bodySizeLimit == 16 << 20)
        #expect(settings.scrapeConfigs.isEmpty)
        #expect(settings.shutdownGracePeriod == 25_000)
        #expect(try SettingsKind.detect(path: path) == .agent)
        #expect(
            settings.describe() == [
                "collector collector.example.com:9443", "log in /var/lib/culvert/agent, at most 1GiB", "no jobs",
            ])
    }

    @Test func `the collector's sample of the design loads`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        try directory.write("web.yml", "")
        let path = try directory.write(
            "collector.yml",
            """
            # collector.yml
            tunnel:
              listen_address: 0.0.0.0:9443
              tls_config:
                cert_file: collector.pem
                key_file: collector-key.pem
                client_ca_file: ca.pem
            web:
              listen_address: 127.0.0.1:9480
              config_file: web.yml     # exporter-toolkit's schema
            log: {directory: /var/lib/culvert/collector, history: 15m, max_size: 8GiB}
            agents:                    # who may connect, what is stamped on its data
              - {name: vpc-a, labels: {vpc: a}}
            """)
        let settings = try CollectorSettings.load(path: path)
        #expect(settings.tunnel.listenAddress == HostPort(host: "0.0.0.0", port: 9443))
        #expect(settings.tunnel.tlsConfig.certFile == directory.path + "/collector.pem")
        #expect(settings.tunnel.tlsConfig.keyFile == directory.path + "/collector-key.pem")
        #expect(settings.tunnel.tlsConfig.clientCAFile == directory.path + "/ca.pem")
        #expect(settings.tunnel.trustDomain == nil)
        #expect(settings.web.listenAddress == HostPort(host: "127.0.0.1", port: 9480))
        #expect(settings.web.tlsConfig == nil)
        #expect(settings.web.compression == .auto)
        #expect(!settings.web.enableLifecycle)
        #expect(settings.log.directory == "/var/lib/culvert/collector")
        #expect(settings.log.history == 900_000)
        #expect(settings.log.maxSize == 8 << 30)
        #expect(settings.agents?.map(\.name) == ["vpc-a"])
        #expect(settings.agents?.map(\.line) == [13])
        #expect(settings.stamps(ofAgent: "vpc-a") == Labels([("agent", "vpc-a"), ("vpc", "a")]))
        #expect(try SettingsKind.detect(path: path) == .collector)
        #expect(
            settings.describe() == [
                "tunnel on 0.0.0.0:9443", "web on http://127.0.0.1:9480",
                "log in /var/lib/culvert/collector, 15m of history, at most 8GiB", "1 agent may connect",
                #"agent vpc-a stamps {agent="vpc-a", vpc="a"}"#,
            ])
    }

    @Test func `what is left out has the documented defaults`() throws {
        let settings = try loadCollector(tunnelLines)
        #expect(settings.tunnel.listenAddress == HostPort(host: "0.0.0.0", port: 9443))
        #expect(settings.web == WebSettings())
        #expect(settings.log == CollectorLogSettings())
        #expect(settings.agents == nil)
        #expect(settings.externalLabels.isEmpty)
        #expect(settings.stamps(ofAgent: "any") == Labels([("agent", "any")]))
    }
}
