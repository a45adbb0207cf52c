import CDeflate
import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

@Suite("Bodies in gzip")
struct GunzipTests {
    static func gzip(_ bytes: [UInt8]) -> [UInt8] {
        guard let compressor = libdeflate_alloc_compressor(6) else { return [] }
        defer { libdeflate_free_compressor(compressor) }
        let bound = libdeflate_gzip_compress_bound(compressor, bytes.count)
        return [UInt8](unsafeUninitializedCapacity: bound) { target, count in
            count = libdeflate_gzip_compress(compressor, bytes, bytes.count, target.baseAddress, bound)
        }
    }

    static func exposition(_ lines: Int) -> [UInt8] {
        Array((0..<lines).map { "metric_name_total{instance=\"\($0 % 7)\",path=\"/a\"} \($0 * 31)\n" }.joined().utf8)
    }

    private let gunzip = Gunzip()

    private func decompress(_ bytes: [UInt8], limit: Int = 16 << 20, expected: Int = 0) -> Result<
        [UInt8], HTTPClientError
    > {
        var spare = SpareBuffer(largest: 1 << 20)
        do {
            let plain = try gunzip.decompress(
                ByteBuffer(bytes: bytes), limit: limit, expected: expected, spare: &spare)
            return .success(plain.bytes)
        } catch {
            return .failure(error)
        }
    }

    @Test("one member, many members and empty members come out whole", arguments: [0, 1, 100, 50_000])
    func members(lines: Int) {
        let text = Self.exposition(lines)
        #expect(decompress(Self.gzip(text)) == .success(text))
        #expect(decompress(Self.gzip(text), expected: 10) == .success(text))
        let three = Self.gzip(text) + Self.gzip([]) + Self.gzip(text)
        #expect(decompress(three) == .success(text + text))
        #expect(decompress(Self.gzip([]) + Self.gzip([])) == .success([]))
    }

    @Test("the limit counts decompressed bytes, exactly")
    func limit() {
        let text = Self.exposition(5000)
        #expect(decompress(Self.gzip(text), limit: text.count + 1) == .success(text))
        for body in [Self.gzip(text), Self.gzip(Array(text.prefix(100))) + Self.gzip(Array(text.dropFirst(100)))] {
            guard case .failure(let error) = decompress(body, limit: text.count) else {
                Issue.record("passed at the limit")
                continue
            }
            #expect(error.code == .bodyTooLarge)
        }
    }

    @Test("a bomb fails, whether it hits the limit or the ratio")
    func bomb() {
        let zeros = Self.gzip([UInt8](repeating: 0, count: 64 << 20))
        #expect((try? decompress(zeros).get()) == nil)
        let small = Self.gzip([UInt8](repeating: 0, count: 10 << 20))
        guard case .failure(let error) = decompress(small) else { return #expect(Bool(false), "a bomb passed") }
        #expect(error.code == .badEncoding)
    }

    @Test("very regular expositions are no bombs")
    func regular() {
        let line =
            "http_request_duration_seconds_bucket{" + String(repeating: "label=\"value\",", count: 40) + "le=\"1\"} 0\n"
        let text = Array(String(repeating: line, count: 5000).utf8)
        let packed = Self.gzip(text)
        #expect(text.count / packed.count > 100)
        #expect(decompress(packed) == .success(text))
    }

    @Test("every truncation and every damaged byte is an error or harmless, never a trap", arguments: [UInt64(7)])
    func damage(seed: UInt64) {
        let text = Self.exposition(300)
        let packed = Self.gzip(text)
        for count in 0..<packed.count {
            guard case .failure(let error) = decompress(Array(packed.prefix(count))) else {
                Issue.record("truncation at \(count) passed")
                continue
            }
            #expect(error.code == .badEncoding)
        }
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            var bytes = packed
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8.random(in: 1...255, using: &random)
            if case .success(let plain) = decompress(bytes) { #expect(plain == text) }
        }
        #expect((try? decompress(packed + [1, 2, 3]).get()) == nil)
    }

    @Test("a declared size of 4 GiB allocates nothing")
    func declaredSize() {
        var packed = Self.gzip(Self.exposition(10))
        packed.replaceSubrange((packed.count - 4)..., with: [0xff, 0xff, 0xff, 0xff])
        guard case .failure(let error) = decompress(packed) else { return #expect(Bool(false), "a lie passed") }
        #expect(error.code == .badEncoding)
    }

    @Test("a body that is kept stays as it was, whatever comes after it", arguments: ["gzip", "identity", "chunked"])
    func kept(way: String) async throws {
        let server = try await TargetServer.start { request in
            let text = Self.exposition(3000 + request.number * 10)
            switch way {
            case "gzip": request.answer(headers: [("Content-Encoding", "gzip")], body: Self.gzip(text))
            case "identity": request.answer(body: text)
            default:
                request.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for start in stride(from: 0, to: text.count, by: 5000) {
                    let piece = text[start..<min(start + 5000, text.count)]
                    request.send(Array("\(String(piece.count, radix: 16))\r\n".utf8) + piece + [13, 10])
                }
                request.send("0\r\n\r\n")
            }
        }
        let client = try await ClientFixture()
        let other = try await ClientFixture(sharing: client)
        var bodies: [ByteBuffer] = []
        for number in 0..<12 {
            let body = try await (number.isMultiple(of: 3) ? other : client).get(server.url()).body
            // Some are dropped, and their memory used again.
            if number % 4 != 3 { bodies.append(body) }
        }
        let numbers = (0..<12).filter { $0 % 4 != 3 }
        for (number, body) in zip(numbers, bodies) { #expect(body.bytes == Self.exposition(3000 + number * 10)) }
        try await client.close()
        try await other.close()
        await server.stop()
    }

    @Test("over HTTP: exactly `gzip` is undone, every other encoding is left alone")
    func overHTTP() async throws {
        let text = Self.exposition(20_000)
        let packed = Self.gzip(text)
        let server = try await TargetServer.start { request in
            request.answer(headers: [("Content-Encoding", String(request.path.dropFirst()))], body: packed)
        }
        let client = try await ClientFixture()
        let response = try await client.get(server.url("/gzip"))
        #expect(response.body.bytes == text)
        #expect(response.wireBytes == packed.count)
        for other in ["/GZIP", "/x-gzip", "/deflate", "/identity"] {
            let body = try await client.get(server.url(other)).body.bytes
            #expect(body == packed)
        }
        let code = try await client.failure(server.url("/gzip"), limit: text.count).code
        #expect(code == .bodyTooLarge)
        #expect(server.connections == 1)
        try await client.close()
        await server.stop()
    }
}
