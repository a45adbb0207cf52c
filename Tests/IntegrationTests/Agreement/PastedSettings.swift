import Foundation
import Settings
import TestSupport

/// The settings of an agent that takes a whole prometheus.yml.
enum PastedSettings {
    /// - Throws: `SettingsProblems` for what Culvert says against it.
    static func load(_ prometheus: String, in directory: TemporaryDirectory) throws -> AgentSettings {
        let file = "\(directory.path)/agent.yml"
        let certificates = try Certificates.shared
        let own = certificates.agent("agent")
        let text = """
            collectors:
              - address: 127.0.0.1:1
                tls_config: {ca_file: \(certificates.authority), cert_file: \(own.certificate), key_file: \(own.key)}
            log: {directory: none}
            scrape_configs_file: \(prometheus)

            """
        try Data(text.utf8).write(to: URL(fileURLWithPath: file))
        return try AgentSettings.load(path: file)
    }
}
