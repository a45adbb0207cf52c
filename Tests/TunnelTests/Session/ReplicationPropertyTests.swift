import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// Both sessions over a wire that is cut at any byte, with a log that grows and a collector that forgets: every byte
/// arrives once, in order, as it was.
@Suite struct ReplicationPropertyTests {
    private struct World {
        var random: SeededGenerator
        var now = NIODeadline.now()
        /// What was ever logged, by epoch; `collected` is the collector's copy.
        var logged: [UInt64: [UInt8]] = [1: []]
        var epoch: UInt64 = 1
        var collected: [UInt64: [UInt8]] = [:]
        var pair: SessionPair
        var delivered = 0
        var prefixed = 0
        var connections = 1
        let compressor = RangeCompressorBox()

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            pair = SessionPair(hello: .make(held: [LogRange(epoch: 1, from: 0, to: 0)]), now: now)
        }

        var held: [LogRange] {
            logged.keys.sorted().map { LogRange(epoch: $0, from: 0, to: UInt64(logged[$0]?.count ?? 0)) }
        }

        var isComplete: Bool { logged.allSatisfy { epoch, bytes in bytes == collected[epoch] ?? [] } }

        mutating func step() throws {
            now = now + .milliseconds(Int64.random(in: 0...500, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<30: grow()
            case 30..<55: try fill()
            case 55..<75: try deliverToCollector(Int.random(in: 1...3000, using: &random))
            case 75..<92: try deliverToAgent(Int.random(in: 1...500, using: &random))
            case 92..<96: tick()
            default: reconnect()
            }
        }

        mutating func grow() {
            let count = Int.random(in: 1...4000, using: &random)
            let start = UInt8.random(in: 0...255, using: &random)
            logged[epoch, default: []] += (0..<count).map { start &+ UInt8(truncatingIfNeeded: $0 / 7) }
            if Int.random(in: 0..<40, using: &random) == 0 {
                epoch += 1
                logged[epoch] = []
            }
        }

        mutating func fill() throws {
            while let next = pair.agent.nextAppend(held: held, counterpart: Self.earlierPlace) {
                let bytes = logged[next.range.epoch] ?? []
                let prefix = ByteBuffer(bytes: bytes[Int(next.prefix.lowerBound)..<Int(next.prefix.upperBound)])
                let raw = ByteBuffer(bytes: bytes[Int(next.range.from)..<Int(next.range.to)])
                let append = Frame.Append(
                    range: next.range, prefix: next.prefix, compressed: try compressor.compress(raw, prefix: prefix))
                #expect(pair.perform([AgentSession.Action.send(.append(append))]).isEmpty)
            }
        }

        /// Now and then, some place before the range, sent or not.
        static func earlierPlace(_ range: LogRange) -> LogRange? {
            guard range.from > 100, range.from % 3 == 0 else { return nil }
            let from = range.from % 7 * (range.from / 8)
            return LogRange(epoch: range.epoch, from: from, to: min(range.from, from + range.from % 70_000))
        }

        mutating func deliverToCollector(_ count: Int) throws {
            for action in try pair.deliverToCollector(count, now: now) {
                switch action {
                case .admit(let hello): admit(hello)
                case .append(let append): try apply(append)
                default: break
                }
            }
        }

        mutating func admit(_ hello: Frame.Hello) {
            pair.collectorDecoder.maximumPayload = FrameLimits.fromAgent
            let named = Set(hello.held.map(\.epoch))
            let positions = collected.keys.sorted().filter { named.contains($0) }
                .map { LogRange(epoch: $0, from: 0, to: UInt64(collected[$0]?.count ?? 0)) }
            // Little credit, so that it runs out and has to come back.
            let credit = UInt32.random(in: 1...3, using: &random) * Protocol.initialCredit / 2
            let rest = pair.perform(
                pair.collector.welcome(.make(credit: credit, held: positions), now: now, clock: 0))
            #expect(rest.isEmpty)
        }

        mutating func apply(_ append: Frame.Append) throws {
            let copy = collected[append.range.epoch] ?? []
            // Once, and in order: it begins where the copy ends.
            #expect(append.range.from == UInt64(copy.count))
            try #require(append.prefix.upperBound <= UInt64(copy.count))
            let prefix = ByteBuffer(bytes: copy[Int(append.prefix.lowerBound)..<Int(append.prefix.upperBound)])
            let bytes = try compressor.decompress(
                append.compressed, prefix: prefix, count: Int(append.range.count))
            collected[append.range.epoch, default: []] += Array(bytes.readableBytesView)
            delivered += bytes.readableBytes
            prefixed += append.prefix.isEmpty ? 0 : 1
            #expect(pair.perform(pair.collector.applied(append.range.count)).isEmpty)
            let whole = LogRange(epoch: append.range.epoch, from: 0, to: UInt64(copy.count) + append.range.count)
            #expect(pair.perform(pair.collector.durable([whole], now: now)).isEmpty)
        }

        mutating func deliverToAgent(_ count: Int) throws {
            for action in try pair.deliverToAgent(count, now: now, held: held) {
                if case .acknowledged(let ranges) = action {
                    // Nothing is acknowledged that is not there.
                    for range in ranges { #expect(Int(range.to) <= collected[range.epoch]?.count ?? 0) }
                }
            }
        }

        mutating func tick() {
            _ = pair.perform(pair.agent.tick(now: now, clock: 0))
            _ = pair.perform(pair.collector.tick(now: now, clock: 0))
        }

        /// All that was under way is lost, and sometimes what was not durable at the collector.
        mutating func reconnect() {
            connections += 1
            if Int.random(in: 0..<3, using: &random) == 0, let key = collected.keys.randomElement(using: &random) {
                let count = collected[key]?.count ?? 0
                collected[key]?.removeLast(Int.random(in: 0...count, using: &random))
            }
            pair = SessionPair(hello: .make(held: held), now: now)
        }

        /// A wire that works from now on.
        mutating func settle() throws {
            reconnect()
            for _ in 0..<200 where !isComplete {
                try deliverToCollector(.max)
                try deliverToAgent(.max)
                try fill()
            }
        }
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `every byte arrives once, in order, whatever is cut and forgotten`(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<600 { try world.step() }
        try world.settle()
        #expect(world.isComplete, "seed \(seed)")
        #expect(world.connections > 5 && world.prefixed > 0 && world.delivered > 0, "seed \(seed)")
    }
}
