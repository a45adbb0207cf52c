package import Relabeling
import Yams

/// What collector.yml says, checked and with every default filled in.
package struct CollectorSettings: Sendable {
    /// The file, as the user named it.
    package var file: String
    /// Where agents connect.
    package var tunnel: TunnelSettings
    /// Where readers connect.
    package var web: WebSettings
    /// Where replicas are kept.
    package var log: CollectorLogSettings
    /// Who may connect, in the order of the file; `nil`: every agent with a valid certificate.
    package var agents: [AgentEntry]?
    /// Who may read history, in the order of the file.
    package var readers: [HistoryReaderEntry]
    /// What federation and remote write put on series that lack it.
    package var externalLabels: Labels

    /// Settings made without a file.
    package init(
        file: String = "collector.yml", tunnel: TunnelSettings, web: WebSettings = WebSettings(),
        log: CollectorLogSettings = CollectorLogSettings(), agents: [AgentEntry]? = nil,
        readers: [HistoryReaderEntry] = [], externalLabels: Labels = Labels()
    ) {
        self.file = file
        self.tunnel = tunnel
        self.web = web
        self.log = log
        self.agents = agents
        self.readers = readers
        self.externalLabels = externalLabels
    }
}

extension CollectorSettings {
    /// The settings in the file at `path`, or every problem found in it.
    package static func load(path: String) throws(SettingsProblems) -> CollectorSettings {
        let log = ProblemLog(file: path)
        let cure = "name the collector's settings with --config FILE"
        let settings = Document.read(name: "the collector's settings", cure: cure, log: log).flatMap { read($0) }
        return try log.result(settings)
    }

    /// What is stamped on the data of the agent called `name`, listed or not.
    package func stamps(ofAgent name: String) -> Labels {
        agents?.first { $0.name == name }?.stamps ?? Labels([("agent", name)])
    }

    private static func read(_ reader: MappingReader) -> CollectorSettings? {
        var tunnel: TunnelSettings?
        if let section = reader.mapping("tunnel") {
            tunnel = TunnelSettings.read(section)
        } else if !reader.has("tunnel") {
            reader.missing("tunnel", expected: "tls_config with cert_file, key_file and client_ca_file")
        }
        let web = reader.mapping("web").map { WebSettings.read($0) } ?? WebSettings()
        if let tunnel, tunnel.listenAddress == web.listenAddress, web.listenAddress.port != 0 {
            reader.log.add(
                .conflict, at: reader.position(of: "web") ?? reader.position,
                "listen_address: tunnel and web both listen on \(web.listenAddress): expected two ports")
        }
        let logSettings = CollectorLogSettings.read(reader.mapping("log"))
        let agents = AgentEntry.readList(reader)
        let readers = HistoryReaderEntry.readList(reader.mapping("history"))
        let externalLabels = ExternalLabels.read(reader)
        reader.finish(advice: UnsupportedKeys.collectorSettings)
        guard let tunnel else { return nil }
        return CollectorSettings(
            file: reader.log.file, tunnel: tunnel, web: web, log: logSettings, agents: agents,
            readers: readers, externalLabels: externalLabels)
    }
}
