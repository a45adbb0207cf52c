import Relabeling
import Settings
import Testing

struct CollectorSettingsTests {
    @Test func `everything the web section can say is read`() throws {
        let settings = try loadCollector(
            tunnelLines + """
                web:
                  listen_address: :9480
                  external_url: HTTPS://culvert.example.com:8443/a//
                  route_prefix: b/
                  enable_lifecycle: true
                  compression: on
                  tls_config: {cert_file: collector.pem, key_file: collector-key.pem}
                log: {directory: none, history: 1h, max_size: 1GB}
                external_labels: {region: eu}
                """)
        #expect(settings.web.listenAddress == HostPort(host: "0.0.0.0", port: 9480))
        #expect(settings.web.externalURL?.description == "https://culvert.example.com:8443/a")
        #expect(settings.web.routePrefix == "/b")
        #expect(settings.web.effectiveRoutePrefix == "/b")
        #expect(settings.web.enableLifecycle)
        #expect(settings.web.compression == .on)
        #expect(settings.web.tlsConfig?.certFile.hasSuffix("/collector.pem") == true)
        #expect(settings.log.directory == nil)
        #expect(settings.log.history == 3_600_000)
        #expect(settings.log.maxSize == 1 << 30)
        #expect(settings.externalLabels == Labels([("region", "eu")]))
        #expect(settings.describe().contains("web on https://0.0.0.0:9480/b"))
    }

    @Test(arguments: [
        ("", ""), ("external_url: http://h", ""), ("external_url: http://h/x", "/x"),
        ("external_url: http://h/x, route_prefix: /", ""), ("route_prefix: /y/z/", "/y/z"), ("route_prefix: ''", ""),
    ]) func `the route prefix is the external URL's path unless it is given`(lines: String, prefix: String) throws {
        #expect(try loadCollector(tunnelLines + "web: {\(lines)}\n").web.effectiveRoutePrefix == prefix)
    }

    @Test(arguments: [
        "example.com", "//example.com", "http://", "http:///x", "http://u:p@h", "http://h?q", "http://h#f",
        "http://h:0",
        "http://h:x", "http://a b", "http://[::1", "http://é",
    ]) func `an external URL that is none`(url: String) throws {
        #expect(
            try collectorProblems(tunnelLines + "web: {external_url: '\(url)'}\n") == [
                "6:21: external_url: expected a URL such as https://culvert.example.com/prefix, without "
                    + "user, query and fragment"
            ])
    }

    @Test func `external labels may stand under global as in Prometheus`() throws {
        let settings = try loadCollector(tunnelLines + "global: {external_labels: {region: eu}}\n")
        #expect(settings.externalLabels == Labels([("region", "eu")]))
    }

    @Test func `the kernel may choose both ports`() throws {
        let text = tunnelLines.replacing("tunnel:\n", with: "tunnel:\n  listen_address: 127.0.0.1:0\n")
        let settings = try loadCollector(text + "web: {listen_address: '127.0.0.1:0'}\n")
        #expect(settings.tunnel.listenAddress == settings.web.listenAddress)
    }

    @Test func `stamps are the name and the labels over it`() throws {
        let settings = try loadCollector(
            tunnelLines + """
                agents:
                  - name: a
                  - {name: b, labels: {agent: '', vpc: x}}
                  - {name: c, labels: {agent: d}}
                """)
        #expect(settings.stamps(ofAgent: "a") == Labels([("agent", "a")]))
        #expect(settings.stamps(ofAgent: "b") == Labels([("vpc", "x")]))
        #expect(settings.stamps(ofAgent: "c") == Labels([("agent", "d")]))
        #expect(settings.agents?.map(\.line) == [7, 8, 9])
    }

    @Test func `readers of history have a name, and what is left out has a default`() throws {
        let settings = try loadCollector(
            tunnelLines + """
                history:
                  readers:
                    - name: prom-a
                    - {name: pair, key: address, max_age: 2h}
                """)
        #expect(
            settings.readers == [
                HistoryReaderEntry(name: "prom-a"),
                HistoryReaderEntry(name: "pair", isKeyedByAddress: true, maxAge: 7_200_000),
            ])
        #expect(settings.readers.first?.maxAge == 3_300_000)
        #expect(
            settings.describe().suffix(2) == [
                "history for reader prom-a, at most 55m old",
                "history for reader pair from each address, at most 2h old",
            ])
        #expect(try loadCollector(tunnelLines).readers.isEmpty)
        #expect(try loadCollector(tunnelLines + "history:\n").readers.isEmpty)
    }
}
