import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Taking answers apart")
struct ResponseParserTests {
    /// Everything the parser said about some bytes.
    private struct Reading: Equatable {
        var status = 0
        var contentType = ""
        var isGzip = false
        var keepsConnection = false
        var body: [UInt8] = []
        var isComplete = false
        var error: HTTPClientError.Code?
        var rest = 0
    }

    /// Reads pieces, then the end of the connection when `closes`.
    private func read(_ pieces: [[UInt8]], closes: Bool = false) -> Reading {
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
                        reading.isGzip = head.isGzip
                        reading.keepsConnection = head.keepsConnection
                    case .body(let bytes): reading.body += bytes.bytes
                    case .end: reading.isComplete = true
                    }
                }
                reading.rest += input.readableBytes
            }
        } catch {
            reading.error = error.code
            return reading
        }
        if closes, parser.endsByClosing() { reading.isComplete = true }
        return reading
    }

    private func read(_ text: String, closes: Bool = false) -> Reading {
        read([Array(text.utf8)], closes: closes)
    }

    static let whole: [String] = [
        "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\nabc",
        "HTTP/1.1 200\r\ncontent-length:3\r\nCONTENT-TYPE:\t text/plain \t\r\n\r\nabc",
        "HTTP/1.1 200 \nContent-Length: 3\nContent-Type: text/plain\n\nabc",
        "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Type: text/plain\r\nX-\u{e9}\r\n\r\nabc"
            .replacing("X-\u{e9}\r\n", with: "X-Y: caf\u{e9}\r\n"),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\nLink: x\r\n\r\n"
            + "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: Chunked\r\n\r\n"
            + "1;ext=\"x\"\r\na\r\n0002 \r\nbc\r\n000\r\nTrailer: x\r\nOther: y\r\n\r\n",
        "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Type: text/plain\r\nContent-Length: 3\r\n\r\nabc",
    ]

    @Test("an answer reads the same in one piece, byte by byte, or cut anywhere", arguments: whole)
    func cut(answer: String) {
        let expected = Reading(
            status: 200, contentType: "text/plain", keepsConnection: true, body: Array("abc".utf8), isComplete: true)
        let bytes = Array(answer.utf8)
        #expect(read([bytes]) == expected)
        #expect(read(bytes.map { [$0] }) == expected)
        for index in bytes.indices { #expect(read([Array(bytes[..<index]), Array(bytes[index...])]) == expected) }
        for count in 0..<bytes.count { #expect(!read([Array(bytes[..<count])], closes: true).isComplete) }
    }

    @Test("what follows an answer is left where it is")
    func rest() {
        let reading = read("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 408 Late\r\n\r\n")
        #expect(reading.isComplete)
        #expect(reading.rest == 21)
    }

    @Test(
        "a connection is kept when both versions and fields say so",
        arguments: [
            ("HTTP/1.1", "", true), ("HTTP/1.0", "", false), ("HTTP/1.1", "Connection: close", false),
            ("HTTP/1.1", "Connection: x, CLOSE ,y", false), ("HTTP/1.0", "Connection: keep-alive", true),
            ("HTTP/1.1", "Connection: closed", true),
            ("HTTP/1.1", "Connection: keep-alive\r\nConnection: close", false),
        ])
    func keepAlive(version: String, field: String, keeps: Bool) {
        let fields = field.isEmpty ? "" : field + "\r\n"
        let reading = read("\(version) 200 OK\r\n\(fields)Content-Length: 0\r\n\r\n")
        #expect(reading.isComplete)
        #expect(reading.keepsConnection == keeps)
    }

    @Test("a body without length goes to the end of the connection")
    func untilClose() {
        let reading = read("HTTP/1.1 200 OK\r\n\r\nabc", closes: true)
        #expect(reading.isComplete && !reading.keepsConnection && reading.body == Array("abc".utf8))
        #expect(!read("HTTP/1.1 200 OK\r\n\r\nabc").isComplete)
    }

    @Test("204 and 304 have no body, whatever they announce", arguments: [204, 304])
    func bodiless(status: Int) {
        let reading = read("HTTP/1.1 \(status) X\r\nContent-Length: 10\r\n\r\n")
        #expect(reading.isComplete && reading.status == status)
    }

    @Test("only `gzip` is gzip, and the first field of a name counts")
    func fields() {
        let type = "Content-Type: a\r\nContent-Type: b\r\n"
        let one = read("HTTP/1.1 200 OK\r\n\(type)Content-Encoding: gzip\r\nContent-Length: 0\r\n\r\n")
        #expect(one.isGzip && one.contentType == "a")
        #expect(read("HTTP/1.1 200 OK\r\nContent-Type:\r\n\(type)Content-Length: 0\r\n\r\n").contentType.isEmpty)
        for other in ["GZIP", "gzip, gzip", "x-gzip", "br\r\nContent-Encoding: gzip", ""] {
            #expect(!read("HTTP/1.1 200 OK\r\nContent-Encoding: \(other)\r\nContent-Length: 0\r\n\r\n").isGzip)
        }
    }

    @Test(
        "what could be read in two ways is not read at all",
        arguments: [
            "HTTP/2 200\r\n", "HTTP/2.0 200 OK\r\n", "HTTP/0.9 200 OK\r\n", "HTTP/1.1  200 OK\r\n",
            "HTTP/1.1 20 OK\r\n",
            "HTTP/1.1 2000 OK\r\n", "HTTP/1.1 099 OK\r\n", "HTTP/1.1 -20 OK\r\n", "HTTP/1.x 200 OK\r\n",
            "http/1.1 200 OK\r\n",
            "ICY 200 OK\r\n", "HTTX", "\u{16}\u{3}", "{", "\r\r\n", "HTTP/1.1 200 O\rK\r\n", "HTTP/1.1 200 O\u{0}K\r\n",
        ]
            + [
                "A: b\r\n folded", "\tA: b", "A : b", ": b", "A b", "A\u{0}: b", "A: b\rc", "A: \u{0}", "A(: b",
                "A\u{e9}: b",
                "Content-Length: 1\r\nContent-Length: 1", "Content-Length: +1", "Content-Length: -1",
                "Content-Length: ",
                "Content-Length: 1, 1", "Content-Length: 0x1", "Content-Length: 9223372036854775808",
                "Content-Length: 1\r\nTransfer-Encoding: chunked", "Transfer-Encoding: chunked\r\nContent-Length: 1",
                "Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding: gzip",
                "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "Transfer-Encoding:",
                "Transfer-Encoding: xchunked",
            ].map { "HTTP/1.1 200 OK\r\n\($0)\r\n\r\n" }
            + [
                "zz\r\n", "\r\n", ";\r\n", "-1\r\n", "+1\r\n", "0x1\r\n", "1\r\nabc\r\n", "1\r\na2\r\n",
                "1000000000000000\r\n",
                "ffffffffffffffff\r\n", "1\r\n\r\n\r\n\r\n", "0\r\nbad trailer\r\n\r\n",
                String(repeating: "0", count: 16),
                "1;" + String(repeating: "x", count: 2000),
            ].map { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\($0)\r\n" }
    )
    func malformed(answer: String) {
        #expect(read(answer, closes: true).error == .malformedResponse)
        #expect(read(Array(answer.utf8).map { [$0] }, closes: true).error == .malformedResponse)
    }

    @Test("fields, interim answers and trailers together stay within the limits")
    func limits() {
        let start = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
        let fields = { (count: Int) in String(repeating: "a: b\r\n", count: count) }
        #expect(read(start + fields(99) + "\r\n0\r\n\r\n").isComplete)
        #expect(read(start + fields(100) + "\r\n0\r\n\r\n").error == .malformedResponse)
        #expect(read(start + fields(50) + "\r\n0\r\n" + fields(50) + "\r\n").error == .malformedResponse)
        #expect(read(start + "a: " + String(repeating: "x", count: 65_000) + "\r\n\r\n0\r\n\r\n").isComplete)
        #expect(read(start + "a: " + String(repeating: "x", count: 65_536)).error == .malformedResponse)
        let interim = Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 3000).utf8)
        #expect(read([interim]).error == .malformedResponse)
        #expect(read([[UInt8](repeating: 10, count: 70_000)]).error == .malformedResponse)
    }

    @Test("damaged answers never trap, and never say more than one end", arguments: (40..<60).map { UInt64($0) })
    func fuzz(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("\r\n\r\n :;0129afx\0\u{7f}HTP/1.chunked".utf8)
        for _ in 0..<1000 {
            var bytes = Array((Self.whole.randomElement(using: &random) ?? "").utf8)
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let index = Int.random(in: 0..<bytes.count, using: &random)
                let end = min(bytes.count, index + Int.random(in: 0...3, using: &random))
                let new = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                    Bool.random(using: &random)
                        ? UInt8.random(in: 0...255, using: &random) : alphabet.randomElement(using: &random) ?? 0
                }
                bytes.replaceSubrange(index..<end, with: new)
                if bytes.isEmpty { bytes = [0] }
            }
            let whole = read([bytes], closes: true)
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let parts = read([Array(bytes[..<cut]), Array(bytes[cut...])], closes: true)
            // Where the bytes are cut changes nothing but when an error is seen.
            #expect(whole == parts, "seed \(seed): \(bytes)")
            #expect(whole.body.count <= bytes.count)
        }
    }
}
