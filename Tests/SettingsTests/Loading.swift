import Settings
import Testing

/// The part of agent.yml that every test needs; it is eight lines long.
let collectorLines = """
    collectors:
      - address: collector.example.com:9443
        tls_config:
          ca_file: ca.pem
          cert_file: agent.pem
          key_file: agent-key.pem
    log:
      directory: none

    """

/// The part of collector.yml that every test needs; it is five lines long.
let tunnelLines = """
    tunnel:
      tls_config:
        cert_file: collector.pem
        key_file: collector-key.pem
        client_ca_file: ca.pem

    """

func loadAgent(_ text: String) throws -> AgentSettings {
    let directory = try TemporaryDirectory.withCertificates()
    return try AgentSettings.load(path: directory.write("agent.yml", text))
}

func loadCollector(_ text: String) throws -> CollectorSettings {
    let directory = try TemporaryDirectory.withCertificates()
    return try CollectorSettings.load(path: directory.write("collector.yml", text))
}

/// What loading reports, one `line:column: sentence` each, file names without their directory.
func agentProblems(_ text: String) throws -> [String] {
    let directory = try TemporaryDirectory.withCertificates()
    return try problems(in: directory, file: "agent.yml", text: text) { path in _ = try AgentSettings.load(path: path) }
}

func collectorProblems(_ text: String) throws -> [String] {
    let directory = try TemporaryDirectory.withCertificates()
    return try problems(in: directory, file: "collector.yml", text: text) { path in
        _ = try CollectorSettings.load(path: path)
    }
}

func problems(
    in directory: TemporaryDirectory, file: String, text: String, load: (String) throws -> Void
) throws -> [String] {
    let path = try directory.write(file, text)
    do {
        try load(path)
        return []
    } catch let found as SettingsProblems {
        return found.problems.map { problem in
            var text = problem.description
            while let range = text.firstRange(of: directory.path + "/") { text.removeSubrange(range) }
            return text.hasPrefix(file + ":") ? String(text.dropFirst(file.count + 1)) : text
        }
    }
}
