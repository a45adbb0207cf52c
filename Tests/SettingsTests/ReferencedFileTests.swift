import Glibc
import Settings
import Testing

/// The files that `*_file` keys name.
struct ReferencedFileTests {
    private func problems(_ directory: TemporaryDirectory) throws -> [String] {
        try SettingsTests.problems(in: directory, file: "agent.yml", text: collectorLines) { path in
            _ = try AgentSettings.load(path: path)
        }
    }

    @Test func `a missing file is told at its key`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        unlink(directory.path + "/agent.pem")
        #expect(
            try problems(directory) == [
                "5:7: cert_file: agent.pem: No such file or directory: correct the path, or let certs/issue "
                    + "DIR write it"
            ])
    }

    @Test func `an empty file and a directory are told`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        try directory.write("ca.pem", "")
        unlink(directory.path + "/agent.pem")
        mkdir(directory.path + "/agent.pem", 0o755)
        defer { rmdir(directory.path + "/agent.pem") }
        #expect(
            try problems(directory) == [
                "4:7: ca_file: ca.pem: is empty: correct the path, or let certs/issue DIR write it",
                "5:7: cert_file: agent.pem: is not a regular file: correct the path, or let certs/issue DIR write it",
            ])
    }

    @Test(arguments: [0o640, 0o604, 0o660, 0o644] as [mode_t])
    func `a private key others can read is refused`(mode: mode_t) throws {
        let directory = try TemporaryDirectory.withCertificates()
        try directory.write("agent-key.pem", "key\n", mode: mode)
        #expect(
            try problems(directory) == [
                "6:7: key_file: agent-key.pem: has mode 0\(String(mode, radix: 8)), a private key must be "
                    + "readable by its owner only: chmod 600 agent-key.pem"
            ])
    }

    @Test(arguments: [0o600, 0o400] as [mode_t]) func `a private key of its owner is fine`(mode: mode_t) throws {
        let directory = try TemporaryDirectory.withCertificates()
        unlink(directory.path + "/agent-key.pem")
        try directory.write("agent-key.pem", "key\n", mode: mode)
        #expect(try problems(directory) == [])
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give files away"))
    func `a private key of somebody else is refused`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        try #require(chown(directory.path + "/agent-key.pem", 12345, 12345) == 0)
        #expect(
            try problems(directory) == [
                "6:7: key_file: agent-key.pem: is owned by uid 12345, a private key must belong to root or "
                    + "to the user culvert runs as: chown 0 agent-key.pem"
            ])
    }

    @Test(.enabled(if: geteuid() != 0, "root can read every file"))
    func `a private key we cannot read is refused`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        try #require(chmod(directory.path + "/agent-key.pem", 0) == 0)
        #expect(
            try problems(directory) == [
                "6:7: key_file: agent-key.pem: Permission denied: "
                    + "it must be readable by the user culvert runs as (uid \(geteuid()))"
            ])
    }

    @Test func `a pipe nobody writes to does not hold us`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        unlink(directory.path + "/ca.pem")
        try #require(mkfifo(directory.path + "/ca.pem", 0o600) == 0)
        #expect(
            try problems(directory) == [
                "4:7: ca_file: ca.pem: is not a regular file: correct the path, or let certs/issue DIR write it"
            ])
    }

    @Test func `paths are relative to the settings file, absolute ones stay`() throws {
        let directory = try TemporaryDirectory.withCertificates()
        let text = collectorLines.replacing("ca_file: ca.pem", with: "ca_file: \(directory.path)/ca.pem")
            .replacing("directory: none", with: "directory: ./data/")
        let settings = try AgentSettings.load(path: directory.write("agent.yml", text))
        #expect(settings.collectors.first?.tlsConfig.caFile == directory.path + "/ca.pem")
        #expect(settings.collectors.first?.tlsConfig.certFile == directory.path + "/agent.pem")
        #expect(settings.log.directory == directory.path + "/data")
    }
}
