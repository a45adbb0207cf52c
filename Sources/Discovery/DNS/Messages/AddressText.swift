/// IP addresses as Go, and so Prometheus, writes them.
enum AddressText {
    /// Four bytes with dots; sixteen as RFC 5952 has it, unless they are an IPv4 address in IPv6's clothes.
    static func text(_ bytes: [UInt8]) -> String {
        if bytes.count == 16, bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff {
            return text(Array(bytes[12...]))
        }
        guard bytes.count == 16 else { return bytes.map { "\($0)" }.joined(separator: ".") }
        let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        let gap = longestGap(groups)
        func words(_ part: ArraySlice<UInt16>) -> String {
            part.map { String($0, radix: 16) }.joined(separator: ":")
        }
        return gap.isEmpty
            ? words(groups[...]) : words(groups[..<gap.lowerBound]) + "::" + words(groups[gap.upperBound...])
    }

    /// The first of the longest runs of two zeros and more; empty when there is none.
    private static func longestGap(_ groups: [UInt16]) -> Range<Int> {
        var best = 0..<0
        var start = 0
        for end in 0...groups.count where end == groups.count || groups[end] != 0 {
            if end - start > max(best.count, 1) { best = start..<end }
            start = end + 1
        }
        return best
    }

    /// `host:port`, an IPv6 address in brackets.
    static func join(_ host: String, _ port: Int) -> String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }
}
