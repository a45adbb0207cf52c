import Foundation
import Logging
import PrometheusInstrumentation
import TestSupport
import Testing

@testable import Views

/// Cursors outlive the process.
@Suite struct CursorFileTests {
    private let directory: TemporaryDirectory
    private var path: String { directory.path + "/readers" }

    init() throws {
        directory = try TemporaryDirectory()
    }

    private func restarted(_ stage: HistoryStage, _ readers: [HistoryReader]) throws -> (History, MetricsRegistry) {
        let registry = MetricsRegistry()
        let history = try History(
            store: stage.served.store, readers: readers, directory: path, registry: registry,
            logger: Logger(label: "test"))
        history.load()
        return (history, registry)
    }

    private func page(
        _ id: TargetID, _ stage: HistoryStage, _ history: History, as name: String = "prom-a"
    ) async -> String {
        let pages = HistoryPages(history: history, pages: stage.pages.pages, budget: stage.budget)
        let read = PlainRead(id: id, reader: 1, limit: .zero, compressed: false)
        let answer = await pages.answer(
            .init(
                target: id, name: name, isPeek: false, reader: Reader(address: nil),
                plain: TargetRequest(read: read, timestamps: false, accept: [])))
        answer.arrive()
        return answer.text
    }

    @Test func `after a restart a reader goes on where it was; what was not confirmed comes again`() async throws {
        let readers = [HistoryReader(name: "prom-a")]
        let stage = try HistoryStage(readers, directory: path)
        let id = try stage.target()
        for value in 1...3 {
            stage.scrape(id, value)
            _ = await stage.readWell(id)
            stage.served.clock.now += 1_000
        }
        stage.history.save()
        let (history, _) = try restarted(stage, readers)
        stage.scrape(id, 4)
        #expect(await page(id, stage, history) == "n 3 1002000\nn 4 1003000\n")
    }

    @Test func `a reader is not given its first page before a crash would remember it`() async throws {
        let readers = [HistoryReader(name: "prom-a")]
        let stage = try HistoryStage(readers, directory: path)
        let ids = [try stage.target("one"), try stage.target("two")]
        for id in ids { stage.scrape(id, 1) }
        await withTaskGroup(of: Void.self) { group in
            for id in ids { group.addTask { #expect(await stage.readWell(id) == "n 1 1000000\n") } }
        }
        stage.served.clock.now += 1_000
        for id in ids { stage.scrape(id, 2) }
        let (history, _) = try restarted(stage, readers)
        for id in ids { #expect(await page(id, stage, history) == "n 1 1000000\nn 2 1001000\n") }
    }

    @Test(arguments: [1, 2])
    func `a first scrape whose time comes soon is remembered from when it was first seen`(reads: Int) async throws {
        let readers = [HistoryReader(name: "prom-a")]
        let stage = try HistoryStage(readers, directory: path)
        let id = try stage.target()
        // The agent's clock is a little ahead: the first read has nothing to give yet.
        stage.scrape(id, 1, ago: -300)
        for expected in ["", "n 1 1000300\n"].prefix(reads) {
            #expect(await stage.readWell(id) == expected)
            stage.served.clock.now += 1_000
        }
        for value in 2...3 {
            stage.scrape(id, value)
            stage.served.clock.now += 1_000
        }
        let (history, _) = try restarted(stage, readers)
        #expect(await page(id, stage, history).hasPrefix("n 1 1000300\nn 2 "))
    }

    @Test func `an orderly end keeps what is known to have arrived`() async throws {
        let readers = [HistoryReader(name: "prom-a")]
        let stage = try HistoryStage(readers, directory: path)
        let id = try stage.target()
        stage.scrape(id, 1)
        let connection = PageConnection(nil)
        await stage.read(id).write(on: connection)
        connection.end(.acknowledged)
        stage.history.save(isLast: true)
        let (history, _) = try restarted(stage, readers)
        #expect(await page(id, stage, history).isEmpty)
    }

    @Test func `every address of a keyed reader is kept`() async throws {
        let readers = [HistoryReader(name: "pair", isKeyedByAddress: true)]
        let stage = try HistoryStage(readers, directory: path)
        let id = try stage.target()
        for value in 1...2 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
            for address in ["10.0.0.1", "::2"] { _ = await stage.readWell(id, "pair", address: address) }
        }
        stage.history.save()
        let (history, _) = try restarted(stage, readers)
        let places = history.overviews
        #expect(places.map(\.key) == ["10.0.0.1", "::2"])
        #expect(places.map { $0.cursors.map(\.cursor.time) } == [[1_001_000], [1_001_000]])
        // Told apart otherwise than before, these places are nobody's.
        let (other, _) = try restarted(stage, [HistoryReader(name: "pair")])
        #expect(other.overviews.map(\.cursors.count) == [0])
    }

    @Test func `a damaged file is counted, and its reader begins as one that never read`() async throws {
        let readers = [HistoryReader(name: "prom-a"), HistoryReader(name: "prom-b")]
        let stage = try HistoryStage(readers, directory: path)
        let id = try stage.target()
        for value in 1...2 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
            for name in ["prom-a", "prom-b"] { _ = await stage.readWell(id, name) }
        }
        stage.history.save()
        let file = URL(fileURLWithPath: path + "/prom-a")
        var bytes = try Data(contentsOf: file)
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: file)
        stage.served.clock.now += 1_000
        stage.scrape(id, 3)
        let (history, registry) = try restarted(stage, readers)
        let text = String(decoding: registry.render(), as: UTF8.self)
        #expect(text.contains("\nculvert_history_unreadable_files_total 1\n"))
        #expect(await page(id, stage, history) == "n 3 1003000\n")
        #expect(await page(id, stage, history, as: "prom-b") == "n 2 1002000\nn 3 1003000\n")
    }

    @Test func `a file goes with its reader, and what a crash left half written goes too`() async throws {
        let stage = try HistoryStage(
            [HistoryReader(name: "prom-a"), HistoryReader(name: "prom-b")], directory: path)
        let id = try stage.target()
        for value in 1...2 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
            for name in ["prom-a", "prom-b"] { _ = await stage.readWell(id, name) }
        }
        stage.history.save()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["prom-a", "prom-b"])
        try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/prom-b.new"))
        stage.history.reload([HistoryReader(name: "prom-b", maxAge: 1_000)])
        stage.history.save()
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["prom-b"])
        #expect(stage.history.readers == [HistoryReader(name: "prom-b", maxAge: 1_000)])
        // What stays, stays where it was.
        stage.served.clock.now += 1_000
        stage.scrape(id, 3)
        #expect(await stage.readWell(id, "prom-b") == "n 3 1003000\n")
    }

    @Test func `cursors go with targets that are gone for longer than anything would be given`() async throws {
        let stage = try HistoryStage([HistoryReader(name: "prom-a", maxAge: 600_000)], directory: path)
        let id = try stage.target()
        stage.scrape(id, 1)
        _ = await stage.readWell(id)
        stage.served.store.withdraw(id)
        stage.served.clock.now += 200_000
        stage.served.store.sweep()
        stage.history.save()
        #expect(stage.history.overviews.first?.cursors.count == 1)
        stage.served.clock.now += 500_000
        stage.history.save()
        #expect(stage.history.overviews.first?.cursors.isEmpty == true)
    }

    @Test func `a disk that fails is counted, and the file is written when it is back`() async throws {
        let file = directory.path + "/readers"
        try Data().write(to: URL(fileURLWithPath: file))
        let stage = try HistoryStage(directory: file)
        let id = try stage.target()
        for value in 1...2 {
            stage.served.clock.now += 1_000
            stage.scrape(id, value)
            #expect(await stage.readWell(id) == "n \(value) 100\(value)000\n")
        }
        // Once for the first page, which waits for it.
        #expect(stage.samples("culvert_history_write_failures_total") == ["culvert_history_write_failures_total 1"])
        stage.history.save()
        stage.history.save()
        #expect(stage.samples("culvert_history_write_failures_total") == ["culvert_history_write_failures_total 3"])
        try FileManager.default.removeItem(atPath: file)
        stage.history.save()
        #expect(try FileManager.default.contentsOfDirectory(atPath: file) == ["prom-a"])
    }

    @Test func `no input of the fuzzer's corpus breaks a law of cursor files`() throws {
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/cursors")
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        #expect(files.count >= 5)
        for file in files {
            #expect(CursorLaws.broken(by: Array(try Data(contentsOf: file))) == nil, "\(file.lastPathComponent)")
        }
    }

    @Test("any change of a file is noticed", arguments: 1...10 as ClosedRange<UInt64>)
    func anyChange(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        var text = CursorText()
        for address in ["", "10.0.0.1"] {
            text.places[address] = try (0..<5).map { _ in
                let digits = (0..<32).map { _ in "0123456789abcdef".randomElement(using: &generator) ?? "0" }
                return CursorText.Line(
                    target: try #require(TargetID(String(digits))),
                    owesFirst: Bool.random(using: &generator),
                    cursor: HistoryCursor(
                        epoch: .random(in: 0 ... .max, using: &generator),
                        offset: .random(in: 0 ... .max, using: &generator),
                        time: .random(in: .min ... .max, using: &generator)),
                    emitted: .random(in: .min ... .max, using: &generator),
                    lastRead: .random(in: .min ... .max, using: &generator), agent: "vpc-a")
            }
        }
        let bytes = text.bytes
        #expect(CursorText(String(decoding: bytes, as: UTF8.self)) == text, "seed \(seed)")
        #expect(CursorLaws.broken(by: bytes) == nil, "seed \(seed)")
        for _ in 0..<200 {
            var changed = bytes
            switch Int.random(in: 0..<3, using: &generator) {
            case 0:
                changed[Int.random(in: 0..<changed.count, using: &generator)] ^=
                    1 << UInt8.random(in: 0...7, using: &generator)
            case 1: changed.removeLast(Int.random(in: 1...changed.count, using: &generator))
            default:
                changed.insert(
                    UInt8.random(in: 0...255, using: &generator),
                    at: Int.random(in: 0...changed.count, using: &generator))
            }
            #expect(CursorText(String(decoding: changed, as: UTF8.self)) == nil, "seed \(seed)")
            #expect(CursorLaws.broken(by: changed) == nil, "seed \(seed)")
        }
    }
}
