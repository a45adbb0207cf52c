import Foundation
import NIOCore
import Testing

@testable import Tunnel

/// Every input the fuzzer started from, or once found, again (`Tests/Fuzz`).
@Suite struct CorpusTests {
    private static var corpus: URL {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fuzz/Corpus/frames")
    }

    @Test func `every input of the fuzzer's corpus is refused or understood`() throws {
        let files = try FileManager.default.contentsOfDirectory(at: Self.corpus, includingPropertiesForKeys: nil)
        #expect(files.count > 10)
        var understood = 0
        for file in files {
            var input = ByteBuffer(bytes: try Data(contentsOf: file))
            guard let stride: UInt8 = input.readInteger() else { continue }
            var decoder = FrameDecoder(maximumPayload: FrameLimits.fromAgent)
            do {
                while input.readableBytes > 0,
                    let part = input.readSlice(length: min(Int(stride) + 1, input.readableBytes))
                {
                    decoder.append(part)
                    while try decoder.next() != nil { understood += 1 }
                }
            } catch {
                #expect(!error.message.isEmpty, "\(file.lastPathComponent)")
            }
        }
        #expect(understood > 10)
    }
}
