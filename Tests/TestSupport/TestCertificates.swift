import Foundation

/// An authority with the certificates of a collector and its agents, made by `certs/issue` in a temporary directory.
///
/// Owns the directory and removes it when released. `shared` is made once per test process, for every test that only
/// reads; the helpers that make further certificates are safe to call from many tests at once.
package final class TestCertificates: Sendable {
    /// A certificate and its key, as paths to PEM files.
    package struct Pair: Sendable {
        package var certificate: String
        package var key: String
    }

    /// What a certificate of our authority may be made for.
    package enum Purpose: String, Sendable {
        case client = "clientAuth"
        case server = "serverAuth"
    }

    /// One set for the whole test process, with the agents `agent` and `other`.
    package static let shared: TestCertificates? = {
        let made = try? TestCertificates(agents: ["agent", "other"])
        atexit { TestCertificates.shared?.remove() }
        return made
    }()

    /// The script under test.
    package static var script: String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("certs/issue").path
    }

    /// Where everything lies.
    package let directory: String
    /// The trust domain of all names.
    package let trustDomain: String

    /// Makes an authority, a collector for the loopback names and `collectorHosts`, and `agents`.
    package init(
        agents: [String] = ["agent"], collectorHosts: [String] = [], trustDomain: String = "culvert.local"
    ) throws {
        directory = NSTemporaryDirectory() + "culvert-certificates-" + UUID().uuidString
        self.trustDomain = trustDomain
        var arguments = [directory, "--trust-domain", trustDomain]
        for agent in agents { arguments += ["--agent", agent] }
        for host in collectorHosts { arguments += ["--collector-host", host] }
        try CommandLineTool.output(of: Self.script, arguments)
    }

    deinit { remove() }

    private func remove() {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// The authority's certificate.
    package var authority: String { directory + "/ca.pem" }

    /// The authority's key.
    package var authorityKey: String { directory + "/ca-key.pem" }

    /// The collector's certificate and key.
    package var collector: Pair { pair("collector") }

    /// The certificate and key of an agent named when the set was made.
    package func agent(_ name: String = "agent") -> Pair { pair(name) }

    private func pair(_ name: String) -> Pair {
        Pair(certificate: "\(directory)/\(name).pem", key: "\(directory)/\(name)-key.pem")
    }

    // MARK: Certificates that something is wrong with

    /// An agent's certificate that ended an hour ago.
    package func expiredAgent() throws -> Pair {
        try leaf(names: agentURI(), purpose: .client, from: -86_400, to: -3600)
    }

    /// An agent's certificate that begins in an hour.
    package func futureAgent() throws -> Pair {
        try leaf(names: agentURI(), purpose: .client, from: 3600, to: 86_400)
    }

    /// An agent's name in a certificate for servers.
    package func agentForServers() throws -> Pair {
        try leaf(names: agentURI(), purpose: .server)
    }

    /// An agent's certificate of our authority, but with the name of another trust domain.
    package func agentOfAnotherTrustDomain() throws -> Pair {
        try leaf(names: "URI:culvert://elsewhere.example/agent/agent", purpose: .client)
    }

    /// An agent's certificate with two URIs.
    package func agentWithTwoNames() throws -> Pair {
        try leaf(names: "\(agentURI()),URI:culvert://\(trustDomain)/agent/other", purpose: .client)
    }

    /// An agent's certificate whose URI continues behind a NUL: `culvert://…/agent/agent\0.evil`.
    package func agentWithNUL() throws -> Pair {
        let uri = Array("culvert://\(trustDomain)/agent/agent".utf8) + [0] + Array(".evil".utf8)
        // SEQUENCE { [6] IA5String }, which no configuration string can express.
        let name = [0x86, UInt8(uri.count)] + uri
        let der = [0x30, UInt8(name.count)] + name
        let hex = der.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
        return try leaf(names: "DER:" + hex, purpose: .client)
    }

    /// A client's certificate without any name.
    package func agentWithoutName() throws -> Pair {
        try leaf(names: nil, purpose: .client)
    }

    /// A collector's certificate for `hosts` only, each in the form `DNS:name` or `IP:address`.
    package func collector(names: String, from: Int = -300, to: Int = 86_400) throws -> Pair {
        try leaf(names: names, purpose: .server, from: from, to: to)
    }

    /// A certificate of our authority with any `names` (an OpenSSL `subjectAltName` value), valid `from` … `to` seconds
    /// from now; its key of `openssl genpkey` arguments `key`.
    package func leaf(
        names: String?, purpose: Purpose, from: Int = -300, to: Int = 86_400,
        key keyArguments: [String] = ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
    ) throws -> Pair {
        let place = directory + "/" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: false)
        let made = Pair(certificate: place + "/leaf.pem", key: place + "/leaf-key.pem")
        let profile = """
            [ca]
            default_ca = authority
            [authority]
            database = \(place)/index.txt
            new_certs_dir = \(place)
            rand_serial = yes
            default_md = sha256
            policy = any
            [any]
            commonName = supplied
            [req]
            distinguished_name = any_subject
            prompt = no
            [any_subject]
            [leaf]
            basicConstraints = critical, CA:FALSE
            keyUsage = critical, digitalSignature
            extendedKeyUsage = \(purpose.rawValue)
            subjectKeyIdentifier = hash
            authorityKeyIdentifier = keyid:always
            \(names.map { "subjectAltName = \($0)" } ?? "")

            """
        let configuration = place + "/openssl.cnf"
        try Data(profile.utf8).write(to: URL(fileURLWithPath: configuration))
        try Data().write(to: URL(fileURLWithPath: place + "/index.txt"))
        try CommandLineTool.output(of: "openssl", ["genpkey", "-out", made.key] + keyArguments)
        try CommandLineTool.output(of: "chmod", ["600", made.key])
        let request = place + "/request.pem"
        try CommandLineTool.output(
            of: "openssl",
            ["req", "-new", "-config", configuration, "-key", made.key, "-subj", "/CN=leaf", "-out", request])
        try CommandLineTool.output(
            of: "openssl",
            [
                "ca", "-batch", "-notext", "-config", configuration, "-extensions", "leaf", "-startdate",
                Self.time(from),
                "-enddate", Self.time(to), "-cert", authority, "-keyfile", authorityKey, "-in", request, "-out",
                made.certificate,
            ])
        return made
    }

    private func agentURI() -> String { "URI:culvert://\(trustDomain)/agent/agent" }

    /// `offset` seconds from now, as certificates write times.
    private static func time(_ offset: Int) -> String {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(secondsFromGMT: 0)
        formatter.dateFormat = "yyyyMMddHHmmss'Z'"
        return formatter.string(from: Date(timeIntervalSinceNow: TimeInterval(offset)))
    }
}
