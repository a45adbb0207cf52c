import Glibc
import Testing

/// A directory for one test, gone with its last reference.
final class TemporaryDirectory: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/culvert-settings-XXXXXX".utf8CString)
        path = String(cString: try #require(mkdtemp(&template)))
    }

    deinit {
        for name in names() { unlink(path + "/" + name) }
        rmdir(path)
    }

    private func names() -> [String] {
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            var name = entry.pointee.d_name
            let text = withUnsafeBytes(of: &name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            names.append(text)
        }
        return names
    }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ name: String, _ bytes: [UInt8], mode: mode_t = 0o644) throws -> String {
        let file = path + "/" + name
        let descriptor = open(file, O_WRONLY | O_CREAT | O_TRUNC, mode)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            try #require(count > 0)
            rest = rest.dropFirst(count)
        }
        fchmod(descriptor, mode)
        return file
    }

    @discardableResult
    func write(_ name: String, _ text: String, mode: mode_t = 0o644) throws -> String {
        try write(name, Array(text.utf8), mode: mode)
    }

    /// The PEM files both samples of the design name.
    static func withCertificates() throws -> TemporaryDirectory {
        let directory = try TemporaryDirectory()
        for name in ["ca.pem", "agent.pem", "collector.pem"] { try directory.write(name, "certificate\n") }
        for name in ["agent-key.pem", "collector-key.pem"] { try directory.write(name, "key\n", mode: 0o600) }
        return directory
    }
}
