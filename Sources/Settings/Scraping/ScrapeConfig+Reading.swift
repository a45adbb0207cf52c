import Relabeling
import Yams

extension ScrapeConfig {
    static func readList(_ reader: MappingReader, inheriting global: GlobalSettings) -> [ScrapeConfig] {
        guard let list = reader.list("scrape_configs", of: "jobs") else { return [] }
        var jobs: [ScrapeConfig] = []
        var lines: [String: Int] = [:]
        for element in reader.elements(of: list, name: "scrape_config") {
            guard let (job, name) = read(element, inheriting: global) else { continue }
            if let first = lines[job.jobName] {
                reader.log.add(
                    .conflict, at: name.position,
                    "job_name: \(Quotation.quote(job.jobName)) is used twice, first in line \(first): "
                        + "expected a name of its own"
                )
            } else {
                lines[job.jobName] = name.position.line
            }
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
        let job = ScrapeConfig(
            jobName: name?.value ?? "", scrapeInterval: timing.interval, scrapeTimeout: timing.timeout,
            metricsPath: metricsPath(reader), scheme: scheme(reader), params: params(reader),
            honorLabels: reader.bool("honor_labels")?.value ?? false,
            bodySizeLimit: ScrapeTiming.bodySizeLimit(reader, inheriting: global),
            enableCompression: reader.bool("enable_compression")?.value ?? true,
            followRedirects: reader.bool("follow_redirects")?.value ?? true,
            tlsConfig: reader.mapping("tls_config").map { ClientTLS.read($0) },
            staticConfigs: StaticConfig.readList(reader), line: reader.position.line)
        reader.finish(advice: UnsupportedKeys.job)
        return name.map { (job, $0) }
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
