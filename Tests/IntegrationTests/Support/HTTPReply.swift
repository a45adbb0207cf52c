import Foundation

/// A response as it came over the wire: the reason phrase and the bytes untouched.
struct HTTPReply: Sendable {
    var status: Int
    var reason: String
    /// In their order, names as sent.
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    var text: String { String(decoding: body, as: UTF8.self) }

    /// The value of the first sample whose name and labels are `series`.
    func sample(_ series: String) -> Double? {
        let line = text.split(separator: "\n").first { $0.hasPrefix(series + " ") }
        return line.flatMap { Double($0.dropFirst(series.utf8.count + 1).prefix { $0 != " " }) }
    }

    /// A response that is none.
    struct Malformed: Error, CustomStringConvertible {
        let description: String
    }

    /// Takes a whole response apart; the connection has ended behind it.
    ///
    /// - Parameter hasBody: false for the answer to HEAD.
    init(parsing bytes: [UInt8], hasBody: Bool) throws {
        let end = Array("\r\n\r\n".utf8)
        guard let split = bytes.indices.first(where: { bytes[$0...].starts(with: end) }) else {
            throw Malformed(description: "no end of the header in \(bytes.count) bytes")
        }
        let lines = String(decoding: bytes[..<split], as: UTF8.self).components(separatedBy: "\r\n")
        let first = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard first.count >= 2, let status = Int(first[1]) else { throw Malformed(description: lines[0]) }
        self.status = status
        reason = first.count > 2 ? String(first[2]) : ""
        headers = lines.dropFirst().map { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
            return (name: String(parts[0]), value: value)
        }
        body = []
        let rest = Array(bytes[(split + end.count)...])
        if self["transfer-encoding"]?.lowercased() == "chunked" {
            body = try Self.joined(rest)
        } else if hasBody, let length = self["content-length"].flatMap({ Int($0) }) {
            guard rest.count == length else {
                throw Malformed(description: "\(rest.count) bytes of a body, \(length) announced")
            }
            body = rest
        } else {
            body = rest
        }
    }

    /// The chunks of a chunked body, joined.
    private static func joined(_ bytes: [UInt8]) throws -> [UInt8] {
        var rest = bytes[...]
        var body: [UInt8] = []
        while let line = rest.firstIndex(of: 0x0A) {
            let head = String(decoding: rest[..<line], as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
            guard let size = Int(head, radix: 16), rest.count >= line - rest.startIndex + 1 + size else { break }
            if size == 0 { return body }
            body += rest[(line + 1)..<(line + 1 + size)]
            rest = rest[(line + 1 + size)...].dropFirst(2)
        }
        throw Malformed(description: "a chunked body without its end")
    }
}
