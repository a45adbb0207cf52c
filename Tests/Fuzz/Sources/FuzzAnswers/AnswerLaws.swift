import NIOCore

@testable import HTTPClient

/// What holds for the parser of targets' answers, whatever they send.
enum AnswerLaws {
    private struct Reading: Equatable {
        var status = 0
        var contentType = ""
        var keepsConnection = false
        var body: [UInt8] = []
        var isComplete = false
        /// Why is not compared: what is wrong in two ways may be found out either way.
        var isFailed = false
    }

    /// Which law these bytes break: the first one says into pieces of how many the others are cut. Nil when none.
    static func broken(by input: [UInt8]) -> String? {
        guard let first = input.first else { return nil }
        let bytes = Array(input.dropFirst())
        let whole = read([bytes])
        let size = Int(first) + 1
        let pieces = stride(from: 0, to: bytes.count, by: size).map { Array(bytes[$0..<min($0 + size, bytes.count)]) }
        guard read(pieces) == whole else { return "cut into pieces of \(size) it is another answer" }
        return whole.body.count <= bytes.count ? nil : "a body longer than what was sent"
    }

    private static func read(_ pieces: [[UInt8]]) -> Reading {
        var parser = ResponseParser()
        var reading = Reading()
        do throws(HTTPClientError) {
            for piece in pieces {
                var input = ByteBuffer(bytes: piece)
                while let part = try parser.next(&input) {
                    switch part {
                    case .head(let head):
                        reading.status = head.status
                        reading.contentType = head.contentType
                        reading.keepsConnection = head.keepsConnection
                    case .body(let body): reading.body += Array(buffer: body)
                    case .end: reading.isComplete = true
                    }
                }
                if reading.isComplete { return reading }
            }
        } catch {
            reading.isFailed = true
        }
        if !reading.isFailed, parser.endsByClosing() { reading.isComplete = true }
        return reading
    }
}
