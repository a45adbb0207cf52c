import Foundation
import Testing

/// Every input the fuzzer of relabeling rules started from, or once found, again (`Tests/Fuzz`).
@Suite struct PatternCorpusTests {
    @Test func `no input of the fuzzer's corpus breaks a law`() throws {
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/Corpus/patterns")
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files {
            let broken = PatternLaws.broken(by: Array(try Data(contentsOf: file)))
            #expect(broken == nil, "\(file.lastPathComponent)")
        }
    }
}
