import Exposition
import Foundation
import Testing

/// Every input the fuzzer of lines and numbers started from, or once found, again (`Tests/Fuzz`).
@Suite struct LineCorpusTests {
    private static var corpus: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/lines")
    }

    @Test func `no input of the fuzzer's corpus breaks a law of lines or numbers`() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 20)
        var samples = 0
        for file in files {
            let body = Array(try Data(contentsOf: file))
            for format in [ContentType.text, .openMetrics, .other] {
                let broken = LineLaws.broken(by: body, format: format)
                #expect(broken == nil, "\(file.lastPathComponent) as \(format)")
                samples += LineScanner.countSamples(in: body.span, format: format) ?? 0
            }
        }
        #expect(samples > 100)
    }
}
