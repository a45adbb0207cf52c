import Exposition
import Glibc

/// What holds for every body, whatever its bytes.
///
/// Owns the laws that the fuzzer searches to break and that `Tests/ExpositionTests` (where this file is linked) checks
/// on the fuzzer's corpus: lines cover the body, stamping adds times and nothing else, numbers mean what C says.
enum LineLaws {
    /// Longer inputs are not tried as one token.
    private static let longestToken = 4096
    private static let time: Int64 = 1_700_000_000_123

    /// The first law that a body breaks, in words.
    static func broken(by body: [UInt8], format: ContentType) -> String? {
        let lines = lines(of: body, format: format)
        if let broken = brokenCover(lines, of: body) { return broken }
        if LineScanner.countSamples(in: body.span, format: format) != lines.count(where: { $0.kind == .sample }) {
            return "samples are counted otherwise than they are found"
        }
        if let broken = brokenStamp(lines, of: body, format: format) { return broken }
        for line in lines {
            for part in [line.value, line.timestamp, line.kind == .sample ? line.series : line.content] {
                if part.count <= longestToken, let broken = broken(byToken: Array(body[part])) { return broken }
            }
        }
        return body.count <= longestToken ? broken(byToken: body) : nil
    }

    /// Every byte belongs to one line, in order, and the parts of a sample lie inside it, in order.
    private static func brokenCover(_ lines: [ScannedLine], of body: [UInt8]) -> String? {
        var end = 0
        for line in lines {
            guard line.content.lowerBound == end, line.next > end, line.next <= body.count else {
                return "a gap or overlap at byte \(end)"
            }
            guard line.isTerminated ? body[line.next - 1] == 0x0A : line.next == body.count else {
                return "a line without line feed before the end, at byte \(end)"
            }
            end = line.next
            guard line.kind == .sample else { continue }
            let parts = [line.series, line.value, line.timestamp, line.exemplar]
            guard !line.series.isEmpty, !line.value.isEmpty else { return "a sample without series or value" }
            var place = line.content.lowerBound
            for part in parts {
                guard part.lowerBound >= place else { return "parts overlap in the line at \(line.content.lowerBound)" }
                place = part.upperBound
            }
            guard place <= line.content.upperBound else { return "a part ends behind its line" }
        }
        return end == body.count ? nil : "no line for the bytes from \(end) on"
    }

    /// A time stands behind each value that had none; taking them away gives the body; a second stamp adds nothing.
    private static func brokenStamp(_ lines: [ScannedLine], of body: [UInt8], format: ContentType) -> String? {
        let stamp: [UInt8] = Array((format == .openMetrics ? " 1700000000.123" : " 1700000000123").utf8)
        var copy: [UInt8] = []
        SampleTimestamps.stamp(body, format: format, milliseconds: time, into: &copy)
        var place = copy[...]
        for line in lines {
            let isStamped = line.kind == .sample && line.timestamp.isEmpty
            for part in isStamped
                ? [body[line.content.lowerBound..<line.value.upperBound], stamp[...]]
                    + [body[line.value.upperBound..<line.next]]
                : [body[line.content.lowerBound..<line.next]]
            {
                guard place.starts(with: part) else { return "stamping changed the line at \(line.content.lowerBound)" }
                place = place.dropFirst(part.count)
            }
        }
        guard place.isEmpty else { return "stamping added to the end" }
        let again = self.lines(of: copy, format: format)
        guard again.map(\.kind) == lines.map(\.kind) else { return "stamping made other lines" }
        guard again.allSatisfy({ $0.kind != .sample || !$0.timestamp.isEmpty }) else { return "a sample without time" }
        var second: [UInt8] = []
        SampleTimestamps.stamp(copy, format: format, milliseconds: time + 5, into: &second)
        return second == copy ? nil : "a second stamp changed something"
    }

    /// A token is a value where the scanner takes it for one, and then it is the value that C reads.
    private static func broken(byToken token: [UInt8]) -> String? {
        let text = String(decoding: token, as: UTF8.self)
        let line = Array("a ".utf8) + token
        let first = lines(of: line, format: .openMetrics).first
        let isNumber = first?.kind == .sample && first?.value == 2..<line.count
        let expected = token.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { copy in
                for (index, byte) in bytes.enumerated() { copy[index] = CChar(bitPattern: byte) }
                copy[bytes.count] = 0
                return copy.baseAddress.map { strtod($0, nil) } ?? .nan
            }
        }
        guard let value = SampleValue.parse(token.span) else {
            let isTooLarge = expected.isInfinite && token.contains { $0 >= 0x30 && $0 <= 0x39 }
            return !isNumber || isTooLarge ? nil : "the number \(text) is refused"
        }
        guard isNumber else { return "\(text) is a value but no number" }
        guard value.isNaN ? expected.isNaN : value.bitPattern == expected.bitPattern else {
            return "\(text) is read as \(value), not \(expected)"
        }
        guard !value.isNaN || value.bitPattern == SampleValue.nan.bitPattern else { return "\(text) is another NaN" }
        for openMetrics in [false, true] {
            var written: [UInt8] = []
            SampleText.append(value, openMetrics: openMetrics, to: &written)
            guard let read = SampleValue.parse(written.span), read.bitPattern == value.bitPattern || value == 0 else {
                return "\(value) is written as \(String(decoding: written, as: UTF8.self))"
            }
        }
        return nil
    }

    private static func lines(of body: [UInt8], format: ContentType) -> [ScannedLine] {
        var scanner = LineScanner(format: format)
        var lines: [ScannedLine] = []
        while let line = scanner.next(in: body.span) { lines.append(line) }
        return lines
    }
}
