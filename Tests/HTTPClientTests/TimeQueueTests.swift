import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Many times behind one timer")
struct TimeQueueTests {
    private static func time(_ milliseconds: Int) -> NIODeadline {
        .uptimeNanoseconds(UInt64(milliseconds) * 1_000_000)
    }

    @Test("entries come out in the order of their times, cancelled ones never", arguments: [UInt64(21), 22, 23])
    func order(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var queue = TimeQueue<Int>()
        var waiting: [Int: (due: Int, ticket: TimeQueue<Int>.Ticket)] = [:]
        var used: [TimeQueue<Int>.Ticket] = []
        var now = 0
        for number in 0..<5000 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let due = now + Int.random(in: -5...200, using: &random)
                let ticket = queue.insert(number, at: Self.time(max(due, 0)))
                waiting[number] = (max(due, 0), ticket)
            case 2:
                if let old = used.randomElement(using: &random) { queue.cancel(old) }
                guard let gone = waiting.keys.sorted().randomElement(using: &random) else { continue }
                if let ticket = waiting.removeValue(forKey: gone)?.ticket {
                    queue.cancel(ticket)
                    used.append(ticket)
                }
            default:
                now += Int.random(in: 0...20, using: &random)
                var last = -1
                while let element = queue.popDue(now: Self.time(now)) {
                    let entry = waiting.removeValue(forKey: element)
                    #expect(entry != nil, "seed \(seed)")
                    guard let entry else { return }
                    #expect(entry.due <= now && entry.due >= last, "seed \(seed)")
                    last = entry.due
                    used.append(entry.ticket)
                }
                #expect(waiting.values.allSatisfy { $0.due > now }, "seed \(seed)")
            }
            #expect(queue.count == waiting.count, "seed \(seed)")
            #expect(queue.earliest == waiting.values.map(\.due).min().map { Self.time($0) }, "seed \(seed)")
        }
    }

    private final class Work: TimedWork {
        var calls: [NIODeadline] = []
        let loop: EmbeddedEventLoop
        var again: (() -> Void)?

        init(_ loop: EmbeddedEventLoop) { self.loop = loop }

        func timeArrived() {
            calls.append(loop.now)
            again?()
        }
    }

    @Test("work is never called before its time, and later by the grain at most")
    func grain() {
        let loop = EmbeddedEventLoop()
        let timer = LoopTimer(eventLoop: loop, grain: .milliseconds(20))
        let start = loop.now
        let works = (0..<50).map { _ in Work(loop) }
        // The latest first: each one moves the timer forward.
        for (index, work) in works.enumerated().reversed() {
            _ = timer.schedule(work, at: start + .milliseconds(Int64(3 * index)))
        }
        for _ in 0..<300 { loop.advanceTime(by: .milliseconds(1)) }
        for (index, work) in works.enumerated() {
            #expect(work.calls.count == 1)
            let late = (work.calls.first ?? start) - (start + .milliseconds(Int64(3 * index)))
            #expect(late >= .zero && late <= .milliseconds(20))
        }
        #expect(Set(works.flatMap(\.calls)).count < 12)
    }

    @Test("cancelled work is not called, and work may add work of the same time")
    func changes() {
        let loop = EmbeddedEventLoop()
        let timer = LoopTimer(eventLoop: loop)
        let (gone, first, second) = (Work(loop), Work(loop), Work(loop))
        let ticket = timer.schedule(gone, at: loop.now + .milliseconds(5))
        _ = timer.schedule(first, at: loop.now + .milliseconds(10))
        first.again = { _ = timer.schedule(second, at: loop.now) }
        timer.cancel(ticket)
        timer.cancel(ticket)
        loop.advanceTime(by: .milliseconds(10))
        loop.advanceTime(by: .milliseconds(1))
        #expect(gone.calls.isEmpty)
        #expect(first.calls.count == 1)
        #expect(second.calls.count == 1)
    }
}
