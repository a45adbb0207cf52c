import NIOCore
import ScrapeLog
import TestSupport
import Testing

@testable import Tunnel

/// Both sessions with two fronts, over a wire that is cut at any byte: each byte goes once per connection, live data first,
/// never beyond the credit, and what arrives can always be kept by a collector that takes nothing behind a hole but a
/// segment's beginning.
@Suite struct LiveFirstPropertyTests {
    private struct World {
        var random: SeededGenerator
        var now = NIODeadline.now()
        var held: [LogRange] = [LogRange(epoch: 1, from: 0, to: 0)]
        /// Where segments begin, by epoch.
        var starts: [UInt64: Set<UInt64>] = [1: [0]]
        var collected = LogRangeSet()
        /// Sent and received on the present connection.
        var sent = LogRangeSet()
        var arrived = LogRangeSet()
        var live: LiveStart?
        var pair: SessionPair
        var credit: UInt64 = 0
        var splits = 0
        var late: UInt64 = 0
        var connections = 1

        init(seed: UInt64) {
            random = SeededGenerator(seed: seed)
            pair = SessionPair(hello: .make(held: held), now: now)
        }

        var isComplete: Bool { held.allSatisfy { collected.contains($0) } }

        mutating func step() throws {
            now = now + .milliseconds(Int64.random(in: 0...300, using: &random))
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<25: grow()
            case 25..<50: try fill()
            case 50..<72: try deliverToCollector(Int.random(in: 1...2000, using: &random))
            case 72..<92: try deliverToAgent(Int.random(in: 1...500, using: &random))
            case 92..<97: tick()
            default: reconnect()
            }
        }

        mutating func grow() {
            let last = held.count - 1
            if Int.random(in: 0..<12, using: &random) == 0 { seal() }
            held[last].to += UInt64.random(in: 1...100_000, using: &random)
            if Int.random(in: 0..<60, using: &random) == 0 {
                let epoch = UInt64.random(in: 2...UInt64.max, using: &random)
                held.append(LogRange(epoch: epoch, from: 0, to: 0))
                starts[epoch] = [0]
            }
        }

        mutating func seal() {
            guard let last = held.last else { return }
            starts[last.epoch, default: []].insert(last.to)
        }

        func isLive(_ range: LogRange) -> Bool {
            guard let live, let index = held.firstIndex(where: { $0.epoch == live.epoch }) else { return true }
            guard let own = held.firstIndex(where: { $0.epoch == range.epoch }) else { return true }
            return own > index || (own == index && range.from >= live.offset)
        }

        mutating func fill() throws {
            while let next = pair.agent.nextAppend(held: held) {
                // Once: neither held there at the Welcome nor sent since.
                #expect(sent.missing(from: next.range) == [next.range])
                sent.insert(next.range)
                #expect(credit >= next.range.count)
                credit -= min(credit, next.range.count)
                if live != nil { #expect(next.isBacklog != isLive(next.range)) }
                if next.isBacklog {
                    late += next.range.count
                    // Nothing live is left waiting.
                    let isLiveWaiting = held.contains { range in
                        sent.missing(from: range).contains { part in
                            var rest = part
                            if let live, part.epoch == live.epoch { rest.from = max(part.from, live.offset) }
                            return rest.count > 0 && isLive(rest)
                        }
                    }
                    #expect(!isLiveWaiting)
                }
                #expect(next.prefix.upperBound <= next.range.from)
                let append = Frame.Append(range: next.range, prefix: next.prefix, compressed: ByteBuffer())
                var actions: [AgentSession.Action] = [.send(.append(append))]
                if next.isBacklog { actions.append(pair.agent.mark(next, now: now, clock: 0)) }
                let rest = pair.perform(actions)
                #expect(rest.isEmpty)
            }
        }

        mutating func deliverToCollector(_ count: Int) throws {
            for action in try pair.deliverToCollector(count, now: now) {
                switch action {
                case .admit: admit()
                case .append(let append): try apply(append)
                default: break
                }
            }
        }

        mutating func admit() {
            pair.collectorDecoder.maximumPayload = FrameLimits.fromAgent
            credit = UInt64(Protocol.initialCredit) / UInt64.random(in: 1...2, using: &random)
            let held = collected.ranges.suffix(Protocol.maximumRanges)
            sent = LogRangeSet(held)
            let welcome = Frame.Welcome.make(credit: UInt32(credit), held: Array(held))
            let rest = pair.perform(pair.collector.welcome(welcome, now: now, clock: 0))
            #expect(rest.isEmpty)
        }

        mutating func apply(_ append: Frame.Append) throws {
            let range = append.range
            let follows = collected.contains(LogRange(epoch: range.epoch, from: max(range.from, 1) - 1, to: range.from))
            #expect((range.from > 0 && follows) || starts[range.epoch]?.contains(range.from) == true)
            #expect(collected.missing(from: range) == [range])
            let prefix = LogRange(epoch: range.epoch, from: append.prefix.lowerBound, to: append.prefix.upperBound)
            #expect(arrived.contains(prefix))
            collected.insert(range)
            arrived.insert(range)
            let rest =
                pair.perform(pair.collector.applied(range.count))
                + pair.perform(pair.collector.durable(collected.ranges, now: now))
            #expect(rest.isEmpty)
        }

        mutating func deliverToAgent(_ count: Int) throws {
            for action in try pair.deliverToAgent(count, now: now, held: held) {
                if case .opened = action, !pair.agent.lacking(of: held).isEmpty,
                    Int.random(in: 0..<3, using: &random) > 0
                {
                    seal()
                    guard let last = held.last else { continue }
                    let start = LiveStart(epoch: last.epoch, offset: last.to)
                    pair.agent.prioritize(from: start, held: held)
                    live = start
                    splits += 1
                }
            }
            // What came back; that no more is sent than was given is the collector's session to mind.
            credit = pair.agent.credit
        }

        mutating func tick() {
            _ = pair.perform(pair.agent.tick(now: now, clock: 0))
            _ = pair.perform(pair.collector.tick(now: now, clock: 0))
        }

        mutating func reconnect() {
            connections += 1
            if Int.random(in: 0..<4, using: &random) == 0, let range = collected.ranges.randomElement(using: &random) {
                // What was not durable is gone, up to the end of the range, from a segment's or a record's start on.
                collected.remove(LogRange(epoch: range.epoch, from: range.from + range.count / 2, to: range.to))
            }
            live = nil
            arrived = LogRangeSet()
            pair = SessionPair(hello: .make(held: Array(held.suffix(Protocol.maximumRanges))), now: now)
        }

        mutating func settle() throws {
            reconnect()
            for _ in 0..<20_000 where !isComplete {
                now = now + .milliseconds(1)
                try deliverToCollector(.max)
                try deliverToAgent(.max)
                try fill()
            }
        }
    }

    @Test(arguments: 1...12 as ClosedRange<UInt64>)
    func `live data go first, each byte once, and all arrive`(seed: UInt64) throws {
        var world = World(seed: seed)
        for _ in 0..<500 { try world.step() }
        try world.settle()
        #expect(world.isComplete, "seed \(seed)")
        #expect(world.splits > 1 && world.late > 0 && world.connections > 5, "seed \(seed)")
    }
}
