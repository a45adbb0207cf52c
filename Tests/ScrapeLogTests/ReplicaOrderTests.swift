import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Epochs stand in the order in which they were lived, in whatever order they arrive.
@Suite struct ReplicaOrderTests {
    private func stream() throws -> (epoch: UInt64, bytes: ByteBuffer) {
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        for number in 0..<3 { log.scrape(number) }
        log.flush()
        return (log.epoch, try log.bytes(log.ranges[0]))
    }

    private func write(_ stream: (epoch: UInt64, bytes: ByteBuffer), to replica: ReplicaLog) throws {
        _ = try replica.write(epoch: stream.epoch, from: 0, bytes: stream.bytes)
    }

    @Test func `a backlog that arrives behind live data is older than that, also after a restart`() throws {
        let directory = try TemporaryDirectory()
        var replica = try ReplicaLog.open(directory)
        let (first, second, third, live) = (try stream(), try stream(), try stream(), try stream())
        try write(first, to: replica)
        replica.noteOrder(of: [first, second, third, live].map(\.epoch))
        try write(live, to: replica)
        #expect(replica.newestEpoch == live.epoch)
        try write(third, to: replica)
        #expect(replica.newestEpoch == live.epoch)
        // The collector restarts in the middle of it; the agent names its epochs again.
        replica = try ReplicaLog.open(directory)
        replica.noteOrder(of: [second, third, live].map(\.epoch))
        try write(second, to: replica)
        let order = [first, second, third, live].map(\.epoch)
        #expect(replica.epochOrder == order)
        #expect(replica.newestEpoch == live.epoch)
        replica = try ReplicaLog.open(directory)
        #expect(replica.epochOrder == order)
        // One that begins while the connection lasts is newer than all.
        let later = try stream()
        try write(later, to: replica)
        #expect(replica.epochOrder == order + [later.epoch])
    }

    @Test func `of two epochs that begin in one connection the later one may arrive first`() throws {
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 })
        let log = try ScrapeLog(.init(storage: .memory(maximumBytes: 1 << 20)), nowMilliseconds: 0)
        var streams: [(epoch: UInt64, bytes: ByteBuffer)] = []
        for number in 0..<4 {
            log.scrape(number)
            log.flush()
            let range = LogRange(epoch: log.epoch, from: 0, to: log.end)
            streams.append((log.epoch, try log.bytes(range)))
            log.beginEpoch(nowMilliseconds: 0)
        }
        replica.noteOrder(of: [streams[0].epoch])
        try write(streams[0], to: replica)
        try write(streams[3], to: replica)
        try write(streams[1], to: replica)
        try write(streams[2], to: replica)
        #expect(replica.epochOrder == streams.map(\.epoch))
        #expect(replica.newestEpoch == streams[3].epoch)
    }

    @Test func `an epoch that is only announced as lost has its place too`() throws {
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 })
        let (first, live) = (try stream(), try stream())
        replica.noteOrder(of: [first.epoch, 77, live.epoch])
        try write(live, to: replica)
        replica.noteGap(LogRange(epoch: 77, from: 0, to: 100))
        try write(first, to: replica)
        #expect(replica.epochOrder == [first.epoch, 77, live.epoch])
    }

    @Test(arguments: 0..<UInt64(50))
    func `whatever arrives when, the order is the agent's`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var order: [UInt64] = []
        var held = Set<UInt64>()
        let replica = try ReplicaLog(storage: .memory(maximumBytes: 1 << 20), clock: { 0 })
        var dropped = 0
        for connection in 0..<8 {
            for _ in 0..<Int.random(in: 0...3, using: &random) { order.append(UInt64(order.count + 1)) }
            guard let live = order.last else { continue }
            // The agent has dropped some of the oldest, and names only its newest.
            dropped = min(dropped + Int.random(in: 0...1, using: &random), order.count - 1)
            let named = order.dropFirst(dropped).suffix(6)
            replica.noteOrder(of: named + [live])
            for epoch in [live] + named.shuffled(using: &random).prefix(2) {
                replica.noteGap(LogRange(epoch: epoch, from: 0, to: 10))
                held.insert(epoch)
            }
            #expect(
                replica.epochOrder == order.filter(held.contains), "seed \(seed), connection \(connection)")
        }
    }
}
