import Glibc

/// What a resolv.conf says: whom to ask, and where to seek names that are not whole.
///
/// Read as Prometheus' DNS library does: what it does not understand it passes over. Bounded in everything.
struct ResolvConf: Sendable, Hashable {
    /// In the order of the file.
    private(set) var servers: [NameServer] = []
    private(set) var search: [DNSName] = []
    /// With so many dots a name is tried as it is before it is sought elsewhere.
    private(set) var ndots = 1
    /// Seconds for one answer.
    private(set) var timeout = 5
    /// How often a server that stays silent is asked.
    private(set) var attempts = 2

    static let maximumBytes = 64 << 10
    static let maximumServers = 8
    static let maximumDomains = 32

    /// The configuration in these bytes.
    init(parsing bytes: [UInt8]) {
        for line in bytes.prefix(Self.maximumBytes).split(separator: UInt8(ascii: "\n")) {
            guard let first = line.first, !Self.isComment(first) else { continue }
            let words = line.split(whereSeparator: { $0 == UInt8(ascii: " ") || (9...13).contains($0) })
            guard let key = words.first else { continue }
            // A comment behind the words of a line ends them.
            let values = words.dropFirst().prefix { !($0.first.map(Self.isComment) ?? true) }
                .map { String(decoding: $0, as: UTF8.self) }
            switch String(decoding: key, as: UTF8.self) {
            case "nameserver":
                if let server = values.first.flatMap(NameServer.init), servers.count < Self.maximumServers {
                    servers.append(server)
                }
            case "domain": setSearch(values.prefix(1))
            case "search": setSearch(values[...])
            case "options": for value in values { setOption(value) }
            default: break
            }
        }
    }

    private static func isComment(_ byte: UInt8) -> Bool { byte == UInt8(ascii: "#") || byte == UInt8(ascii: ";") }

    /// The last line of either kind counts.
    private mutating func setSearch(_ domains: ArraySlice<String>) {
        search = domains.prefix(Self.maximumDomains).compactMap { domain in
            do throws(DNSError) {
                return try DNSName.parse(domain).name
            } catch {
                return nil
            }
        }
    }

    private mutating func setOption(_ option: String) {
        let parts = option.split(separator: ":", maxSplits: 1)
        guard parts.count == 2, let number = Int(parts[1]) else { return }
        switch parts[0] {
        // Bounds of the C library.
        case "ndots": ndots = min(max(number, 0), 15)
        case "timeout": timeout = min(max(number, 1), 30)
        case "attempts": attempts = min(max(number, 1), 5)
        default: break
        }
    }

    /// The names that `text` may mean, in the order in which they are tried.
    func candidates(for text: String) throws(DNSError) -> [DNSName] {
        let (name, isAbsolute) = try DNSName.parse(text)
        if isAbsolute { return [name] }
        var candidates = search.compactMap { name.below($0) }
        candidates.insert(name, at: name.labels.count > ndots ? 0 : candidates.count)
        var seen: Set<DNSName> = []
        return candidates.filter { seen.insert($0).inserted }
    }

    /// The configuration in the file at `path`. Blocks as long as reading a small file does.
    static func read(_ path: String) throws(DNSError) -> ResolvConf {
        // Without O_NONBLOCK a named pipe would hold us here until somebody writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw unusable(path, String(cString: strerror(errno)).lowercased()) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw unusable(path, "is not a regular file")
        }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 4096)
        while bytes.count <= maximumBytes {
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                throw unusable(path, String(cString: strerror(errno)).lowercased())
            }
            if count == 0 { return ResolvConf(parsing: bytes) }
            bytes += chunk[..<count]
        }
        throw unusable(path, "is larger than 64 KiB")
    }

    private static func unusable(_ path: String, _ reason: String) -> DNSError {
        DNSError(.unusableConfiguration, "cannot read \(path): \(reason)")
    }
}
