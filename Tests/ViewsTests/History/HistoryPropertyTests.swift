import Logging
import NIOCore
import PrometheusInstrumentation
import TestSupport
import Testing

@testable import Views

/// Whatever happens to its pages and to the collector, a reader gets every scrape, in order, and none twice but those of
/// a page of which nothing showed that it had arrived.
@Suite struct HistoryPropertyTests {
    @Test("at least once, in order", arguments: 1...12 as ClosedRange<UInt64>)
    func atLeastOnce(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        let directory = try TemporaryDirectory()
        let readers = [HistoryReader(name: "prom-a"), HistoryReader(name: "pair", isKeyedByAddress: true)]
        let stage = try HistoryStage(readers, directory: directory.path + "/readers")
        let ids = [try stage.target("one"), try stage.target("two")]
        var history = stage.history
        var values: [TargetID: Int] = [:]
        var mirrors: [String: Mirror] = [:]
        for _ in 0..<400 {
            let id = ids[Int.random(in: 0..<2, using: &generator)]
            switch Int.random(in: 0..<20, using: &generator) {
            case 0..<8:
                stage.served.clock.now += Int64.random(in: 1...1_500, using: &generator)
                values[id, default: 0] += 1
                stage.scrape(id, values[id] ?? 0)
            case 8 where Bool.random(using: &generator):
                stage.source.beginEpoch(.random(in: 0 ... .max, using: &generator))
            case 9:
                // A crash: what was not written is forgotten.
                let isClean = Bool.random(using: &generator)
                if isClean { history.save(isLast: true) }
                history = try History(
                    store: stage.served.store, readers: readers, directory: directory.path + "/readers",
                    registry: MetricsRegistry(), logger: Logger(label: "test"))
                history.load()
                for key in mirrors.keys { mirrors[key]?.restart(isClean: isClean) }
            case 10:
                history.save()
                for key in mirrors.keys { mirrors[key]?.save() }
            case 11:
                _ = await read(id, "prom-a", peek: true, "10.0.0.1", stage, history)
            default:
                let (name, address) = [("prom-a", "10.0.0.1"), ("pair", "10.0.0.2"), ("pair", "10.0.0.3")][
                    Int.random(in: 0..<3, using: &generator)]
                let key = "\(name) \(address) \(id)"
                let answer = await read(id, name, peek: false, address, stage, history)
                let page = answer.text.split(separator: "\n").compactMap { Int($0.split(separator: " ")[1]) }
                var mirror = mirrors[key] ?? Mirror()
                let fault = mirror.take(page, newest: values[id] ?? 0)
                #expect(fault == nil, "seed \(seed), \(key): \(fault ?? "")")
                mirrors[key] = mirror
                // The first page waits until its place is written, and all others with it.
                if mirror.owesFirst, !page.isEmpty { for key in mirrors.keys { mirrors[key]?.save() } }
                mirror = mirrors[key] ?? mirror
                // What becomes of the page.
                let connection = PageConnection(nil)
                switch Int.random(in: 0..<5, using: &generator) {
                case 0: break
                case 1: answer.write(on: connection, whole: false)
                case 2:
                    answer.write(on: connection)
                    connection.end(.broken)
                case 3:
                    answer.write(on: connection)
                    connection.end(.acknowledged)
                    mirror.arrived(page, isClosed: true)
                default:
                    answer.write(on: connection)
                    mirror.arrived(page, isClosed: false)
                }
                mirrors[key] = mirror
            }
        }
        #expect(mirrors.count == 6, "seed \(seed)")
    }

    /// What a reader must be given next.
    private struct Mirror {
        /// The last scrape that the collector must know to be read; nil before the first page.
        private var confirmed: Int?
        /// The same in the reader's file.
        private var saved: Int?
        /// The last of a page that has arrived and that the next request confirms.
        private var pending: Int?
        private var isPendingClosed = false

        /// Whether no page is known to have arrived.
        private(set) var owesFirst = true
        private var savedOwesFirst = true

        /// - Returns: what is wrong with a page.
        mutating func take(_ page: [Int], newest: Int) -> String? {
            if let pending {
                confirmed = max(pending, confirmed ?? 0)
                owesFirst = false
            }
            pending = nil
            guard newest > 0 else { return page.isEmpty ? nil : "scrapes from nowhere: \(page)" }
            guard let confirmed else {
                self.confirmed = newest - 1
                return page == [newest] ? nil : "the first page is \(page), the newest scrape \(newest)"
            }
            let expected = Array((confirmed + 1...newest + 1).dropLast().prefix(20))
            return page == expected ? nil : "a page of \(page) where \(expected) was due"
        }

        mutating func arrived(_ page: [Int], isClosed: Bool) {
            guard let last = page.last else { return }
            pending = last
            isPendingClosed = isClosed
        }

        mutating func save() {
            saved = confirmed
            savedOwesFirst = owesFirst
        }

        mutating func restart(isClean: Bool) {
            if isClean {
                if let pending, isPendingClosed {
                    confirmed = pending
                    owesFirst = false
                }
                save()
            }
            confirmed = saved
            owesFirst = savedOwesFirst
            pending = nil
        }
    }

    private func read(
        _ id: TargetID, _ name: String, peek: Bool, _ address: String, _ stage: HistoryStage, _ history: History
    ) async -> FollowedAnswer {
        let reader = Reader(address: try? SocketAddress(ipAddress: address, port: 1))
        let read = PlainRead(id: id, reader: 1, limit: .zero, compressed: false)
        return await HistoryPages(history: history, pages: stage.pages.pages, budget: stage.budget).answer(
            .init(
                target: id, name: name, isPeek: peek, reader: reader,
                plain: TargetRequest(read: read, timestamps: false, accept: [])))
    }
}
