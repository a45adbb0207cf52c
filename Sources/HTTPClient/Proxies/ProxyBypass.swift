/// Which targets need no proxy: the meaning of `NO_PROXY`, as Go's `httpproxy` has it.
///
/// Owns the entries: `*`; addresses and blocks of addresses; and domains, which cover what is below them (`example.com`
/// itself too, `.example.com` and `*.example.com` not). Addresses and domains may name a port. Loopback and `localhost`
/// need no proxy, whatever the list says.
struct ProxyBypass: Sendable, Hashable {
    private enum Entry: Sendable, Hashable {
        case block(AddressBlock)
        case address(IPAddress, port: String)
        /// `suffix` begins with a dot.
        case domain(suffix: String, port: String, includesItself: Bool)
    }

    private var entries: [Entry] = []
    private var isEverything = false

    /// A list separated by commas; what makes no sense in it matches nothing.
    init(_ text: String) {
        for item in text.split(separator: ",") {
            let word = Self.trimmed(item).lowercased()
            if word == "*" { isEverything = true }
            if let entry = Self.entry(word) { entries.append(entry) }
        }
    }

    /// Whether `url` is asked for directly.
    func covers(_ url: HTTPURL) -> Bool {
        if url.host == "localhost" { return true }
        let address = IPAddress(url.host)?.canonical
        if isEverything || address?.isLoopback == true { return true }
        let port = String(url.port)
        return entries.contains { Self.matches($0, host: url.host, address: address, port: port) }
    }

    private static func matches(_ entry: Entry, host: String, address: IPAddress?, port: String) -> Bool {
        switch entry {
        case .block(let block): return address.map { block.contains($0) } ?? false
        case .address(let listed, let listedPort):
            return listed == address && (listedPort.isEmpty || listedPort == port)
        case .domain(let suffix, let listedPort, let includesItself):
            // What looks like a domain at the end of an address (a zone, say) is none.
            guard address == nil, listedPort.isEmpty || listedPort == port else { return false }
            return host.hasSuffix(suffix) || (includesItself && host == suffix.dropFirst())
        }
    }

    private static func entry(_ word: String) -> Entry? {
        guard !word.isEmpty, word != "*" else { return nil }
        if word.contains("/") { return AddressBlock(word).map { .block($0) } }
        var (host, port) = split(word)
        if let address = IPAddress(host) { return .address(address.canonical, port: port) }
        if host.hasPrefix("*.") { host.removeFirst() }
        guard !host.isEmpty else { return nil }
        let isBelowOnly = host.hasPrefix(".")
        return .domain(suffix: isBelowOnly ? host : "." + host, port: port, includesItself: !isBelowOnly)
    }

    /// Host without brackets, and the port, empty where there is none.
    private static func split(_ word: String) -> (host: String, port: String) {
        if word.hasPrefix("["), let end = word.firstIndex(of: "]") {
            let rest = word[word.index(after: end)...]
            let host = String(word[word.index(after: word.startIndex)..<end])
            return (host, rest.hasPrefix(":") ? String(rest.dropFirst()) : "")
        }
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : (word, "")
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text.drop { $0.isWhitespace }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }
}
