import Foundation
import Testing

/// Every input the fuzzers of the codec started from, or once found, again (`Tests/Fuzz`).
@Suite struct CodecCorpusTests {
    private static func inputs(_ name: String) throws -> [(name: String, bytes: [UInt8])] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/Corpus/\(name)")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .map { ($0.lastPathComponent, Array(try Data(contentsOf: $0))) }
    }

    @Test func `no input of the fuzzer's corpus breaks a law of the codec`() throws {
        let inputs = try Self.inputs("codec")
        #expect(inputs.count > 10)
        for (name, bytes) in inputs { #expect(FuzzedScrapes.broken(by: bytes) == nil, "\(name)") }
    }

    @Test func `no input of the fuzzer's corpus breaks the decoder`() throws {
        let inputs = try Self.inputs("records")
        #expect(inputs.count > 10)
        for (name, bytes) in inputs { #expect(RecordLaws.broken(by: bytes) == nil, "\(name)") }
    }
}
