import Foundation
import Testing

/// Every input the fuzzer of targets' answers started from, or once found, again (`Tests/Fuzz`).
@Suite struct AnswerCorpusTests {
    @Test func `no input of the fuzzer's corpus is another answer when it is cut`() throws {
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/Corpus/answers")
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files {
            let broken = AnswerLaws.broken(by: Array(try Data(contentsOf: file)))
            #expect(broken == nil, "\(file.lastPathComponent)")
        }
    }
}
