import NIOCore
import ScrapeLog
import TestSupport

@testable import Tunnel

/// Random frames of every kind, with the edges of each field more often than chance would have them.
struct FrameGenerator {
    var random: SeededGenerator

    mutating func frame(_ type: FrameType? = nil) -> Frame {
        switch type ?? FrameType.allCases.randomElement(using: &random) ?? .ping {
        case .hello:
            let versions = [short(), short()].sorted()
            return .hello(
                .init(
                    minimumVersion: versions[0], maximumVersion: versions[1], instance: long(), clock: clock(),
                    isProbe: .random(using: &random), logVersion: short(), build: text(), held: ranges()))
        case .welcome:
            return .welcome(
                .init(
                    version: short(), connection: long(), role: .random(in: 0...255, using: &random), clock: clock(),
                    credit: medium(), collector: text(), held: ranges(),
                    logVersions: (0..<Int.random(in: 0...16, using: &random)).map { _ in short() }))
        case .reject:
            return .reject(.init(code: short(), retryAfterMilliseconds: medium(), clock: clock(), message: text()))
        case .append: return .append(append())
        case .gap: return .gap(.init(range: range(), scrapes: long(), reason: text()))
        case .ack: return .ack(ranges())
        case .credit: return .credit(medium())
        case .ping: return .ping(.init(sequence: medium(), clock: clock()))
        case .pong: return .pong(.init(sequence: medium(), echo: clock(), clock: clock()))
        case .checksumRequest: return .checksumRequest(.init(id: medium(), ranges: ranges()))
        case .checksums:
            let outcome = ChecksumOutcome.allCases.randomElement(using: &random) ?? .done
            let parts = (0..<Int.random(in: 0...20, using: &random)).map { _ in
                RangeChecksum(range: range(), checksum: medium())
            }
            return .checksums(.init(id: medium(), outcome: outcome, parts: parts, held: ranges()))
        case .goAway: return .goAway(.init(code: short(), reconnectMilliseconds: medium(), message: text()))
        }
    }

    private mutating func append() -> Frame.Append {
        let length = UInt64.random(in: 1...UInt64(Protocol.maximumAppend), using: &random)
        let from = min(long(), UInt64.max - length)
        let reach = UInt64.random(in: 0...min(from, UInt64(Protocol.maximumPrefix(for: Int(length)))), using: &random)
        let distance = UInt64.random(in: 0...(from - reach), using: &random)
        let end = reach == 0 ? from : from - distance
        return .init(
            range: LogRange(epoch: long(), from: from, to: from + length), prefix: (end - reach)..<end,
            compressed: ByteBuffer(bytes: (0..<Int.random(in: 0...2000, using: &random)).map { UInt8($0 & 0xFF) }))
    }

    private mutating func short() -> UInt16 { UInt16(truncatingIfNeeded: long()) }
    private mutating func medium() -> UInt32 { UInt32(truncatingIfNeeded: long()) }
    private mutating func clock() -> Int64 { Int64(bitPattern: long()) }

    private mutating func long() -> UInt64 {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: [0, 1, 127, 128, 0x3FFF, 0x4000, .max, .max - 1, 1 << 63].randomElement(using: &random) ?? 0
        default: random.next() >> UInt64.random(in: 0..<64, using: &random)
        }
    }

    private mutating func text() -> String {
        let alphabet: [Character] = ["a", "Z", "0", " ", "ä", "–", "🚇", "\0", "\n"]
        return String(
            (0..<Int.random(in: 0...200, using: &random)).map { _ in alphabet.randomElement(using: &random) ?? "?" })
    }

    private mutating func range() -> LogRange {
        let offsets = [long(), long()].sorted()
        return LogRange(epoch: long(), from: offsets[0], to: offsets[1])
    }

    private mutating func ranges() -> [LogRange] {
        // Few as a rule, as on the wire; now and then as many as there may be.
        let most = Int.random(in: 0..<8, using: &random) == 0 ? Protocol.maximumRanges : 5
        return (0..<Int.random(in: 0...most, using: &random)).map { _ in range() }
    }
}
