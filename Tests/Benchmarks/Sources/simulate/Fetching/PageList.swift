import Glibc
import NIOCore
import Recordings

/// Where the collector is and which page shows which target: what the directing script has read from `/sd`.
struct PageList: Sendable {
    /// The collector's web address.
    let address: SocketAddress
    /// Target `i`'s page at index `i`.
    let paths: [String]

    /// Reads a file whose first line is `host:port` and whose others are paths.
    init(file: String) throws {
        guard let stream = unsafe fopen(file, "r") else { throw BenchmarkError("\(file) cannot be read") }
        defer { unsafe fclose(stream) }
        var lines: [String] = []
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { unsafe free(line) }
        while unsafe getline(&line, &capacity, stream) > 0, let text = unsafe line {
            lines.append(unsafe String(String(cString: text).prefix { $0 != "\n" }))
        }
        let parts = (lines.first ?? "").split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1]), lines.count > 1 else {
            throw BenchmarkError("\(file) must begin with host:port and go on with a path a line")
        }
        address = try SocketAddress(ipAddress: String(parts[0]), port: port)
        paths = Array(lines.dropFirst())
    }
}
