import TestSupport

@testable import Discovery

extension SeededGenerator {
    /// Names of any labels, some of them ends of each other.
    mutating func name() -> DNSName {
        let common: [[UInt8]] = [Array("example".utf8), Array("com".utf8)]
        let own = (0..<Int.random(in: 0...3, using: &self)).map { _ in
            (0..<Int.random(in: 1...12, using: &self)).map { _ in UInt8.random(in: .min ... .max, using: &self) }
        }
        return DNSName(labels: own + (Bool.random(using: &self) ? common : [])) ?? .root
    }

    mutating func record() -> DNSRecord {
        func number(_ generator: inout SeededGenerator) -> UInt16 { .random(in: .min ... .max, using: &generator) }
        func bytes(_ count: Int, _ generator: inout SeededGenerator) -> [UInt8] {
            (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        }
        switch Int.random(in: 0..<7, using: &self) {
        case 0: return .a(bytes(4, &self))
        case 1: return .aaaa(bytes(16, &self))
        case 2:
            return .srv(priority: number(&self), weight: number(&self), port: number(&self), target: name())
        case 3: return .mx(preference: number(&self), exchange: name())
        case 4: return .ns(name())
        case 5: return .cname(name())
        default: return .other
        }
    }

    mutating func message() -> DNSMessage {
        let question = DNSQuestion(name: name(), type: .random(in: .min ... .max, using: &self))
        let hasEDNS = Bool.random(using: &self)
        var message = DNSMessage(
            id: .random(in: .min ... .max, using: &self),
            question: Int.random(in: 0..<10, using: &self) == 0 ? nil : question,
            isResponse: true, code: DNSResponseCode(rawValue: .random(in: 0...(hasEDNS ? 4095 : 15), using: &self)),
            answers: (0..<Int.random(in: 0...6, using: &self)).map { _ in record() },
            datagramBytes: hasEDNS ? .random(in: .min ... .max, using: &self) : nil)
        message.wantsRecursion = Bool.random(using: &self)
        return message
    }
}
