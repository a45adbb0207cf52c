/// The file that `web.config_file` names, in the schema of Prometheus' exporter toolkit. This version supports the
/// certificate in it; whatever else stands there is an error, because leaving out a protection silently is worse.
enum WebConfigFile {
    static func tls(_ found: Located<String>, log: ProblemLog) -> WebTLS? {
        let path = FilePath.resolve(found.value, in: log.directory)
        let inner = ProblemLog(file: path)
        defer { log.take(inner, key: "config_file", at: found.key) }
        let cure = "correct the path, or remove config_file to serve plain HTTP"
        guard let reader = Document.read(name: "web configuration", cure: cure, mayBeEmpty: true, log: inner) else {
            return nil
        }
        let tls = reader.mapping("tls_server_config").map { WebTLS.read($0, advice: UnsupportedKeys.webTLS) }
        reader.finish(advice: UnsupportedKeys.webConfig)
        return tls
    }
}
