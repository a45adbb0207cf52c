import Exposition
import Foundation

/// A recorded body of a real exporter under `Tests/Fixtures/bodies`.
struct RecordedBody: Sendable, CustomStringConvertible {
    let description: String
    let bytes: [UInt8]

    static let all: [RecordedBody] = {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/bodies")
        let names = ["node", "node_ext", "prometheus", "vm"].flatMap { ["\($0)/000.txt", "\($0)/020.txt"] }
        return names.compactMap { name in
            (try? Data(contentsOf: root.appendingPathComponent(name))).map {
                RecordedBody(description: name, bytes: Array($0))
            }
        }
    }()
}

/// All lines of a body.
func lines(of body: [UInt8], format: ContentType) -> [ScannedLine] {
    var scanner = LineScanner(format: format)
    var lines: [ScannedLine] = []
    while let line = scanner.next(in: body.span) { lines.append(line) }
    return lines
}

/// A stamped copy of a body.
func stamped(_ body: [UInt8], format: ContentType, milliseconds: Int64) -> [UInt8] {
    var output: [UInt8] = []
    SampleTimestamps.stamp(body, format: format, milliseconds: milliseconds, into: &output)
    return output
}

func text(_ bytes: some Collection<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }
