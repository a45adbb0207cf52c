import Foundation
import NIOCore
import TestSupport
import Testing

@testable import ScrapeLog

/// Every input the fuzzer of logs started from, or once found, again (`Tests/Fuzz`), and some thousands of its kind.
@Suite struct LogCorpusTests {
    private static let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("Fuzz/Corpus/log")

    private func inputs() throws -> [(name: String, bytes: [UInt8])] {
        try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil)
            .sorted { $0.path < $1.path }.map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    @Test func `no input of the fuzzer's corpus breaks a law`() throws {
        let inputs = try inputs()
        #expect(inputs.count > 12)
        for (name, bytes) in inputs {
            let broken = LogLaws.broken(by: bytes)
            #expect(broken == nil, "\(name)")
        }
    }

    @Test(arguments: 0..<8)
    func `nor does what comes of it by chance`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let inputs = try inputs().filter { $0.bytes.count > 2 }
        for _ in 0..<250 {
            guard let (name, seed) = inputs.randomElement(using: &random) else { return }
            var bytes = seed
            for _ in 0..<Int.random(in: 1...4, using: &random) where bytes.count > 1 {
                let from = Int.random(in: 1..<bytes.count, using: &random)
                let to = min(bytes.count, from + Int.random(in: 1...40, using: &random))
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[from] ^= 1 << UInt8.random(in: 0..<8, using: &random)
                case 1: bytes.removeSubrange(from..<to)
                case 2: bytes.insert(contentsOf: bytes[from..<to], at: from)
                default: bytes[from] = UInt8.random(in: 0...255, using: &random)
                }
            }
            let broken = LogLaws.broken(by: bytes)
            #expect(broken == nil, "from \(name): \(bytes)")
        }
    }

    @Test(.enabled(if: ProcessInfo.processInfo.environment["CULVERT_WRITE_FIXTURES"] == "1", "writes the corpus"))
    func `write the seeds of the corpus`() throws {
        let epoch: UInt64 = 0x1122_3344_5566_7788
        var segment = ByteBuffer()
        var header = ByteBuffer()
        SegmentHeader(epoch: epoch, epochSequence: 1, created: 5, announcements: 1).encode(into: &header)
        func write(_ kind: RecordKind, _ target: UInt32, _ payload: ByteBuffer) {
            RecordHeader(length: 0, kind: kind, target: target, time: 7).write(payload: payload, into: &segment)
        }
        write(.segmentHeader, 0, header)
        for kind in RecordKind.allCases.dropFirst() { write(kind, 1, ByteBuffer(string: "payload of \(kind)")) }
        let whole = Array(buffer: segment)
        var damaged = whole
        damaged[120] ^= 1
        var newer = whole
        newer[40] = UInt8(SegmentHeader.currentVersion) + 1
        let position = "1122334455667788 0 100"
        let seeds: [(String, UInt8, [UInt8])] = [
            ("segment", 0, whole), ("segment-torn", 0, Array(whole.dropLast(9))), ("segment-damaged", 0, damaged),
            ("segment-newer", 0, newer), ("segment-zeros", 0, [UInt8](repeating: 0, count: 90)),
            ("segment-twice", 0, whole + whole),
            (
                "cursors", 1,
                Array(
                    "culvert cursors 1\ncollector c\nacknowledged \(position)\ngap \(position) 3 a%20b\ncollector d%2f"
                        .utf8)
            ),
            (
                "cursors-overlapping", 1,
                Array("culvert cursors 1\ncollector c\ngap \(position) 3 a\ngap \(position) 3 a".utf8)
            ),
            (
                "cursors-endless", 1,
                Array("culvert cursors 1\ncollector c\nacknowledged 1122334455667788 0 18446744073709551615".utf8)
            ),
            ("clean", 2, Array("culvert clean 2\n1122334455667788 3 0\nlock 2\nboot boot-1".utf8)),
            (
                "clean-far", 2,
                Array(
                    "culvert clean 2\n1122334455667788 18446744073709551615 9223372036854775807\nlock 2\nboot boot-1"
                        .utf8)
            ),
            (
                "clean-far-and-here", 2,
                Array("culvert clean 2\n1122334455667788 9 9223372036854775807\nlock 2\nboot boot-1".utf8)
            ),
            ("replica", 3, whole), ("replica-torn", 3, Array(whole.dropLast(9))), ("replica-damaged", 3, damaged),
            ("replica-newer", 3, newer),
            ("skipped", 4, Array("culvert skipped 1\n0 100\n200 300\n18446744073709551614 18446744073709551615".utf8)),
            ("skipped-inverted", 4, Array("culvert skipped 1\n100 0\nx y\n1".utf8)),
            ("notes", 5, Array("last_seen_milliseconds 2000\n".utf8)),
            ("pieces", 6, [16] + whole), ("pieces-of-one", 6, [0] + damaged), ("pieces-newer", 6, [40] + newer),
        ]
        try FileManager.default.createDirectory(at: Self.corpus, withIntermediateDirectories: true)
        for (name, what, bytes) in seeds {
            try Data([what] + bytes).write(to: Self.corpus.appendingPathComponent(name))
        }
    }
}
