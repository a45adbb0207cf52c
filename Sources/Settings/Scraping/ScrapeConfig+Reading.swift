import Relabeling
import Yams

extension ScrapeConfig {
    static func readList(
        _ reader: MappingReader, inheriting global: GlobalSettings, names: JobNames
    ) -> [ScrapeConfig] {
        guard let list = reader.list("scrape_configs", of: "jobs") else { return [] }
        var jobs: [ScrapeConfig] = []
        for element in reader.elements(of: list, name: "scrape_config") {
            guard let (job, name) = read(element, inheriting: global) else { continue }
            names.note(name, reader.log)
            jobs.append(job)
        }
        return jobs
    }

    private static func read(
        _ reader: MappingReader, inheriting global: GlobalSettings
    ) -> (ScrapeConfig, Located<String>)? {
        let name = reader.required("job_name", expected: "a name, unique in this file")
        let what = name.map { "job \(Quotation.quote($0.value))" } ?? "the job"
        let timing = ScrapeTiming.read(reader, inheriting: global, what: what)
        let relabelConfigs = RelabelConfig.readList("relabel_configs", reader)
        var job = ScrapeConfig(
            jobName: name?.value ?? "", scrapeInterval: timing.interval, scrapeTimeout: timing.timeout,
            metricsPath: metricsPath(reader), scheme: scheme(reader), params: params(reader),
            honorLabels: reader.bool("honor_labels")?.value ?? false,
            bodySizeLimit: ScrapeTiming.bodySizeLimit(reader, inheriting: global),
            enableCompression: reader.bool("enable_compression")?.value ?? true,
            followRedirects: reader.bool("follow_redirects")?.value ?? true,
            tlsConfig: reader.mapping("tls_config").map { ClientTLS.read($0) },
            authorization: ClientAuthorization.read(reader), httpHeaders: ClientHeader.readList(reader),
            staticConfigs: StaticConfig.readList(reader, isRelabeled: !relabelConfigs.isEmpty),
            fileSDConfigs: FileSDConfig.readList(reader),
            httpSDConfigs: HTTPSDConfig.readList(reader), relabelConfigs: relabelConfigs, line: reader.position.line)
        job.honorTimestamps = reader.bool("honor_timestamps")?.value ?? true
        job.metricRelabelConfigs = RelabelConfig.readList("metric_relabel_configs", reader)
        job.limits = ScrapeLimits.read(reader, inheriting: global.limits)
        job.negotiation = ScrapeNegotiation.read(reader, inheriting: global.negotiation)
        job.scrapeFailureLogFile = GlobalSettings.failureLog(reader) ?? global.scrapeFailureLogFile
        job.proxy = ClientProxy.read(reader)
        job.dnsSDConfigs = DNSSDConfig.readList(reader)
        ReaderFields.read(reader)
        refuseProtobuf(job, reader)
        reader.finish(advice: UnsupportedKeys.job)
        return name.map { (job, $0) }
    }

    /// Series in protobuf are carried as they come: whatever would have to look into them is refused.
    private static func refuseProtobuf(_ job: ScrapeConfig, _ reader: MappingReader) {
        guard job.negotiation.formats.contains(.protobuf) else { return }
        var fields: [String] = []
        if !job.metricRelabelConfigs.isEmpty { fields.append("metric_relabel_configs") }
        if !job.honorTimestamps { fields.append("honor_timestamps: false") }
        let limits = job.limits
        if [limits.samples, limits.labels, limits.labelNameLength, limits.labelValueLength].contains(where: { $0 > 0 })
        {
            fields.append("limits on samples and labels")
        }
        guard !fields.isEmpty else { return }
        reader.log.add(
            .conflict, at: reader.position,
            "job \(Quotation.quote(job.jobName)) asks for protobuf, to which this version of Culvert does not apply "
                + "\(fields.joined(separator: ", ")): set those at the reader, or leave PrometheusProto and "
                + "scrape_native_histograms out")
    }

    private static func metricsPath(_ reader: MappingReader) -> String {
        guard let path = reader.string("metrics_path"), !path.value.isEmpty else { return "/metrics" }
        if path.value.utf8.contains(where: { "?#".utf8.contains($0) }) {
            reader.reject(
                "metrics_path", at: path.position, expected: "a path alone, its query under params",
                found: Quotation.quote(path.value))
        }
        return path.value
    }

    private static func scheme(_ reader: MappingReader) -> String {
        guard let scheme = reader.string("scheme", expected: "http or https"), !scheme.value.isEmpty else {
            return "http"
        }
        if scheme.value != "http", scheme.value != "https" {
            reader.reject(
                "scheme", at: scheme.position, expected: "http or https", found: Quotation.quote(scheme.value))
        }
        return scheme.value
    }

    private static func params(_ reader: MappingReader) -> [(String, [String])] {
        guard let section = reader.mapping("params") else { return [] }
        var params: [(String, [String])] = []
        for (name, _) in section.keys {
            guard let list = section.list(name, of: "texts") else { continue }
            let values = list.value.compactMap { node -> String? in
                if let scalar = node.scalar { return scalar.string }
                section.log.add(
                    .wrongType, at: node.position ?? list.position,
                    "\(name): expected a list of texts, found \(node.kind)")
                return nil
            }
            params.append((name, values))
        }
        return params
    }
}
