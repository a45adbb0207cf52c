import Glibc
import Yams

/// One entry of the policy's `allow`: a block of addresses, and which ports and schemes of it are meant.
package struct AgentPolicyRule: Sendable, Hashable {
    /// `10.0.0.0/8`, or one address, as it was written.
    package var cidr: String
    /// Empty: every port.
    package var ports: [ClosedRange<Int>]
    /// `http`, `https`; empty: both.
    package var schemes: Set<String>

    /// An entry from all its parts.
    package init(cidr: String, ports: [ClosedRange<Int>] = [], schemes: Set<String> = []) {
        self.cidr = cidr
        self.ports = ports
        self.schemes = schemes
    }

    private static let expectedBlock = "a block of addresses such as 10.0.0.0/8"
    private static let expectedPorts = "a list of ports such as 9100 or 9100-9199"

    static func read(_ reader: MappingReader) -> AgentPolicyRule? {
        let cidr = reader.required("cidr", expected: expectedBlock)
        let ports = ports(reader)
        let schemes = schemes(reader)
        reader.finish()
        guard let cidr else { return nil }
        switch Self.judge(cidr.value) {
        case .fine: break
        case .none:
            reader.reject("cidr", at: cidr.position, expected: expectedBlock, found: Quotation.quote(cidr.value))
        case .tooManyBits:
            reader.reject(
                "cidr", at: cidr.position, expected: "a block whose bits behind the prefix are 0",
                found: Quotation.quote(cidr.value))
        }
        return AgentPolicyRule(cidr: cidr.value, ports: ports, schemes: schemes)
    }

    private static func ports(_ reader: MappingReader) -> [ClosedRange<Int>] {
        guard let list = reader.list("ports", of: "ports") else { return [] }
        rejectEmpty("ports", list, reader)
        return list.value.compactMap { node in
            let bounds = (node.scalar?.string ?? "").split(separator: "-", omittingEmptySubsequences: false)
                .map { HostPort.portNumber(String($0)) ?? 0 }
            guard (1...2).contains(bounds.count), !bounds.contains(0), let first = bounds.first,
                let last = bounds.last, first <= last
            else {
                reader.reject(
                    "ports", at: node.position ?? list.position, expected: expectedPorts, found: node.kind)
                return nil
            }
            return first...last
        }
    }

    private static func schemes(_ reader: MappingReader) -> Set<String> {
        guard let list = reader.list("schemes", of: "schemes") else { return [] }
        rejectEmpty("schemes", list, reader)
        return Set(
            list.value.compactMap { node in
                if let text = node.scalar?.string, ["http", "https"].contains(text) { return text }
                reader.reject(
                    "schemes", at: node.position ?? list.position, expected: "http or https", found: node.kind)
                return nil
            })
    }

    /// Left out means all of them, and none at all is meant by nobody.
    private static func rejectEmpty(_ key: String, _ list: Located<[Node]>, _ reader: MappingReader) {
        guard list.value.isEmpty, reader.log.problems.isEmpty else { return }
        reader.reject(key, at: list.position, expected: "at least one, or no \(key) at all", found: "an empty list")
    }

    private enum Judgement {
        case fine
        case none
        case tooManyBits
    }

    private static func judge(_ text: String) -> Judgement {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(parts.count), let bytes = bytes(of: String(parts[0])) else { return .none }
        guard parts.count == 2 else { return .fine }
        let width = bytes.count * 8
        guard (1...3).contains(parts[1].utf8.count), parts[1].utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1]), length <= width
        else { return .none }
        let isClear = (length..<width).allSatisfy { bytes[$0 / 8] & (0x80 >> UInt8($0 % 8)) == 0 }
        return isClear ? .fine : .tooManyBits
    }

    private static func bytes(of address: String) -> [UInt8]? {
        guard !address.utf8.contains(0) else { return nil }
        var four = in_addr()
        var six = in6_addr()
        if inet_pton(AF_INET, address, &four) == 1 { return withUnsafeBytes(of: &four) { Array($0) } }
        if inet_pton(AF_INET6, address, &six) == 1 { return withUnsafeBytes(of: &six) { Array($0) } }
        return nil
    }
}
