import HTTPClient
import NIOCore
import NIOEmbedded
import Relabeling
import ScrapeCodec
import Synchronization
import Testing

@testable import Scraping

@Suite("Which targets are scraped")
struct ScrapeManagerTests {
    /// A manager on a loop whose time the test moves; bodies come from closures.
    private final class World {
        let loop = EmbeddedEventLoop()
        let clock = ManualClock(1_700_000_000_000)
        var announced: [(Target, UInt32)] = []
        var withdrawn: [UInt32] = []
        var results: [(UInt32, ScrapeRecord)] = []
        private(set) var manager: ScrapeManager?

        init(references: TargetReferences = TargetReferences()) {
            let clock = clock
            var environment = ScrapeEnvironment(eventLoop: loop, version: "test")
            environment.clock = WallClock { clock.now }
            environment.source = { _ in .inProcess { ("text/plain", ByteBuffer(string: "a 1\n")) } }
            manager = ScrapeManager(
                environment: environment, references: references,
                callbacks: .init(
                    onAnnounce: { [unowned self] in announced.append(($0, $1)) },
                    onWithdraw: { [unowned self] in withdrawn.append($0) },
                    onResult: { [unowned self] in results.append(($0, $1)) }))
        }

        func run(_ milliseconds: Int) {
            for _ in 0..<milliseconds {
                clock.advance(1)
                loop.advanceTime(by: .milliseconds(1))
            }
        }

        func results(of reference: UInt32) -> [ScrapeRecord] {
            results.filter { $0.0 == reference }.map(\.1)
        }
    }

    final class ManualClock: Sendable {
        private let time: Atomic<Int64>
        init(_ start: Int64) { time = Atomic(start) }
        var now: Int64 { time.load(ordering: .relaxed) }
        func advance(_ milliseconds: Int64) { time.wrappingAdd(milliseconds, ordering: .relaxed) }
    }

    private func target(_ name: String, interval: Int64 = 1000) -> Target {
        Target(
            labels: Labels([("job", "j"), ("instance", name)]), jobName: "j", address: "\(name):9100",
            interval: interval, timeout: interval)
    }

    @Test("every target is announced before its first result and scraped once per interval, at its ticks")
    func steady() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update((0..<20).map { target("t\($0)") })
        #expect(world.announced.count == 20)
        #expect(Set(world.announced.map(\.1)).count == 20)
        world.run(10_000)
        for (_, reference) in world.announced {
            let records = world.results(of: reference)
            #expect(records.count == 10)
            for (one, next) in zip(records, records.dropFirst()) { #expect(next.timestamp == one.timestamp + 1000) }
            #expect(records.allSatisfy { $0.outcome.isSuccess && $0.timestamp == $0.scheduled })
        }
        // Not all at once.
        #expect(Set(world.results.map { $0.1.timestamp % 1000 }).count > 10)
        manager.stop()
    }

    @Test("a new list starts what is new, ends what is gone, and leaves the rest alone; numbers never come back")
    func difference() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update([target("a"), target("b"), target("a")])
        #expect(world.announced.map(\.0.address) == ["a:9100", "b:9100"])
        manager.update([target("b"), target("c")])
        #expect(world.withdrawn == [world.announced[0].1])
        #expect(world.announced.map(\.0.address) == ["a:9100", "b:9100", "c:9100"])
        manager.update([target("b"), target("c")])
        #expect(world.announced.count == 3)
        manager.update([target("a"), target("b"), target("c")])
        #expect(Set(world.announced.map(\.1)).count == 4)
        let gone = world.withdrawn[0]
        world.run(3000)
        #expect(world.results(of: gone).isEmpty)
        #expect(manager.targetCount == 3)
        manager.stop()
    }

    @Test("targets that appear while running are scraped within a second, however long their interval")
    func appearing() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update([])
        manager.update((0..<50).map { target("t\($0)", interval: 600_000) })
        world.run(1001)
        #expect(Set(world.results.map(\.0)).count == 50)
        #expect(Set(world.results.map(\.1.timestamp)).count > 20)
        manager.stop()
    }

    @Test("a changed interval is taken over in place: same number, announced again")
    func retuned() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update([target("a", interval: 10_000)])
        world.run(10_000)
        let before = world.results.count
        manager.update([target("a", interval: 500)])
        #expect(world.announced.map(\.1) == [1, 1])
        #expect(world.announced.last?.0.interval == 500)
        #expect(world.withdrawn.isEmpty)
        world.run(5000)
        #expect((9...11).contains(world.results.count - before))
        let times = world.results.map(\.1.timestamp)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 < $1 })
        manager.stop()
    }

    @Test("equal labels at two URLs are two targets")
    func sameLabels() throws {
        let world = World()
        let manager = try #require(world.manager)
        var other = target("a")
        other.metricsPath = "/other"
        manager.update([target("a"), other])
        #expect(manager.targetCount == 2)
        manager.stop()
    }

    @Test("the last scrape of all targets happens once, and nothing after it")
    func farewell() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update((0..<200).map { target("t\($0)", interval: 60_000) })
        let done = manager.scrapeAllOnce(deadline: world.loop.now + .seconds(5))
        world.run(10)
        var isDone = false
        done.assumeIsolated().whenComplete { _ in isDone = true }
        #expect(isDone)
        #expect(world.results.count == 200)
        world.run(120_000)
        #expect(world.results.count == 200)
        manager.stop()
    }

    @Test("a farewell without targets is over at once")
    func emptyFarewell() throws {
        let world = World()
        var isDone = false
        try #require(world.manager).scrapeAllOnce(deadline: .distantFuture).assumeIsolated().whenComplete { _ in
            isDone = true
        }
        #expect(isDone)
    }

    @Test("the owner may change the list while it is told a result")
    func reentrant() throws {
        let world = World()
        let manager = try #require(world.manager)
        manager.update([target("a"), target("b")])
        for _ in 0..<20 {
            world.run(500)
            if world.results.count.isMultiple(of: 2) { manager.update([target("a")]) } else { manager.update([]) }
        }
        manager.stop()
        let count = world.results.count
        world.run(5000)
        #expect(world.results.count == count)
    }

    @Test("numbers run out with an end, not with a repetition")
    func references() {
        let references = TargetReferences(given: UInt64(UInt32.max) - 1)
        #expect(references.next() == UInt32.max)
        #expect(references.next() == nil)
        #expect(references.next() == nil)
    }
}
