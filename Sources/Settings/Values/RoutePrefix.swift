/// The path under which a server's routes begin.
enum RoutePrefix {
    /// `path` as Prometheus takes a prefix: with one slash before it and none after it; empty for the root.
    static func normalized(_ path: String) -> String {
        let bytes = path.utf8.drop { $0 == UInt8(ascii: "/") }
        let end = bytes.lastIndex { $0 != UInt8(ascii: "/") }
        guard let end else { return "" }
        return "/" + String(decoding: bytes[...end], as: UTF8.self)
    }
}
