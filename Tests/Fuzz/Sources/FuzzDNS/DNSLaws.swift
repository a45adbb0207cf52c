import NIOCore

#if canImport(Discovery)
@testable import Discovery
#endif

/// What holds for every message of a name server, every resolv.conf and every name, whatever its bytes.
///
/// Owns the laws that the fuzzer searches to break and that `Tests/DiscoveryTests` (where this file is linked) checks on
/// the fuzzer's corpus and on mutations.
enum DNSLaws {
    /// The question that the corpus answers.
    static let question = "_http._tcp.example.com."

    /// The first law that these bytes break, in words.
    static func broken(by bytes: [UInt8]) -> String? {
        message(bytes) ?? lookup(bytes) ?? configuration(bytes) ?? name(bytes)
    }

    /// What was read is written and read again as the same, where it fits.
    static func message(_ bytes: [UInt8]) -> String? {
        guard let read = try? DNSMessage(reading: bytes) else { return nil }
        guard read.answers.count <= DNSMessage.maximumRecords else { return "too many records" }
        let written = read.bytes()
        guard written.count <= DNSMessage.maximumBytes else { return "what is written is longer than 64 KiB" }
        guard let again = try? DNSMessage(reading: written) else { return "what was written cannot be read" }
        return again == read || (again.isTruncated && again.question == read.question)
            ? nil : "what was read is written as something else"
    }

    /// An answer ends the look-up, or leads to another question, or is passed over; either way it ends in time.
    private static func lookup(_ bytes: [UInt8]) -> String? {
        let id = bytes.count < 2 ? 0 : UInt16(bytes[0]) << 8 | UInt16(bytes[1])
        let configuration = ResolvConf(parsing: Array("nameserver 192.0.2.1\nnameserver ::1\n".utf8))
        guard var lookup = try? DNSLookup(question, type: DNSType.srv, configuration: configuration, makeID: { id })
        else { return "a good name is none" }
        var now = NIODeadline.uptimeNanoseconds(1)
        var action = lookup.start(now: now)
        for _ in 0..<20 {
            guard case .ask(let query) = action else { return "the look-up neither asks nor ends" }
            guard query.until > now else { return "no time to answer" }
            action = lookup.received(bytes, now: now)
            if case .wait = action {
                now = query.until
                action = lookup.timeArrived(now: now)
            }
            if case .end = action { return nil }
        }
        return "the look-up does not end"
    }

    private static func configuration(_ bytes: [UInt8]) -> String? {
        let configuration = ResolvConf(parsing: bytes)
        guard configuration.servers.count <= ResolvConf.maximumServers,
            configuration.search.count <= ResolvConf.maximumDomains, (0...15).contains(configuration.ndots),
            (1...30).contains(configuration.timeout), (1...5).contains(configuration.attempts)
        else { return "a limit of resolv.conf does not hold" }
        guard let names = try? configuration.candidates(for: "a.b") else { return "a good name is none" }
        return names.isEmpty || Set(names).count != names.count ? "names to try are missing or double" : nil
    }

    /// What a name is written as is read as the same name.
    private static func name(_ bytes: [UInt8]) -> String? {
        guard let name = try? DNSName.parse(String(decoding: bytes, as: UTF8.self)).name else { return nil }
        guard let again = try? DNSName.parse(name.description), again.isAbsolute, again.name == name else {
            return "a name is written as another"
        }
        return name.wire.count <= DNSName.maximumBytes ? nil : "a name is too long"
    }
}
