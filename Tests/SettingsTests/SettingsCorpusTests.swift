import Foundation
import Testing

/// Every input the fuzzer of settings and lists of targets started from, or once found, again (`Tests/Fuzz`).
@Suite struct SettingsCorpusTests {
    @Test func `no input of the fuzzer's corpus breaks a law`() throws {
        let directory = try TemporaryDirectory()
        let corpus = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fuzz/Corpus/settings")
        let files = try FileManager.default.contentsOfDirectory(at: corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 5)
        for file in files {
            let broken = try SettingsLaws.broken(by: Array(try Data(contentsOf: file)), in: directory.path)
            #expect(broken == nil, "\(file.lastPathComponent)")
        }
    }
}
