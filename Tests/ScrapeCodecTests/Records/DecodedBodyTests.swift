import NIOCore
import TestSupport
import Testing

@testable import ScrapeCodec

/// The handle of a body: good until a newer body takes its place, kept while nothing changes.
@Suite struct DecodedBodyTests {
    /// An encoder and a decoder, and where the next record stands.
    private struct Pipe {
        var encoder = ScrapeEncoder()
        var decoder = ScrapeDecoder()
        var position: UInt64 = 1

        mutating func send(_ record: ScrapeRecord, lost: Bool = false) throws -> DecodedBody {
            let scrape = encoder.encode(record, target: 1)
            position += 1
            if lost { return .empty }
            return try #require(try decoder.feed(scrape, position: position)).body
        }

        mutating func send(_ body: String) throws -> DecodedBody { try send(.make(body)) }
    }

    @Test func `an unchanged body keeps its handle, a changed one supersedes it`() throws {
        var pipe = Pipe()
        let first = try pipe.send("a 1\nb foo\nc 1 1700000000000\nd 1")
        let same = try pipe.send("a 1\nb foo\nc 1 1700000000000\nd 1")
        #expect(first.isSame(as: same))
        for body in [
            "a 2\nb foo\nc 1 1700000000000\nd 1", "a 2\nb bar\nc 1 1700000000000\nd 1", "a 2\nb bar\n", "b bar\na 2\n",
        ] {
            let before = try pipe.send("a 1\n")
            let next = try pipe.send(body)
            #expect(!before.isSame(as: next))
            let error = #expect(throws: ScrapeCodecError.self) { try before.render() }
            #expect(error?.code == .superseded)
            #expect(try next.render() == ByteBuffer(string: body))
        }
    }

    @Test func `a failed scrape has no body and leaves the one before it alone`() throws {
        var pipe = Pipe()
        let body = try pipe.send("a 1\n")
        var failure = ScrapeRecord.make("")
        failure.outcome = ScrapeOutcome(code: .timedOut, message: "no answer")
        let none = try pipe.send(failure)
        #expect(none.isSame(as: .empty))
        #expect(try none.render().readableBytes == 0)
        #expect(try body.render() == ByteBuffer(string: "a 1\n"))
        #expect(try pipe.send("a 1\n").isSame(as: body))
    }

    @Test func `a difference from a record that was not seen is out of sequence until the next keyframe`() throws {
        var pipe = Pipe()
        let first = try pipe.send("a 1\n")
        _ = try pipe.send(.make("a 2\n"), lost: true)
        for _ in 0..<2 {
            let error = #expect(throws: ScrapeCodecError.self) { try pipe.send("a 3\n") }
            #expect(error?.code == .outOfSequence)
        }
        #expect(try first.render() == ByteBuffer(string: "a 1\n"))
        pipe.encoder.forget(1)
        #expect(try pipe.send("a 3\n").render() == ByteBuffer(string: "a 3\n"))
        #expect(try pipe.send("a 4\n").render() == ByteBuffer(string: "a 4\n"))
    }

    @Test func `a difference is out of sequence after a segment's begin, without a keyframe, and after damage`() throws
    {
        var pipe = Pipe()
        _ = try pipe.send("a 1\n")
        pipe.decoder.beginSegment()
        #expect(throws: ScrapeCodecError.self) { try pipe.send("a 2\n") }
        var other = ScrapeDecoder()
        let delta = pipe.encoder.encode(.make("a 3\n"), target: 1)
        #expect(delta.kind == EncodedScrape.delta)
        let unknown = #expect(throws: ScrapeCodecError.self) { try other.feed(delta) }
        #expect(unknown?.code == .outOfSequence)

        var damaged = Pipe()
        let body = try damaged.send("a 1\n")
        #expect(throws: ScrapeCodecError.self) {
            try damaged.decoder.feed(ByteBuffer(bytes: [0xFF]), kind: EncodedScrape.delta, position: 3)
        }
        let late = #expect(throws: ScrapeCodecError.self) { try body.render() }
        #expect(late?.code == .superseded)
        damaged.position = 3
        let error = #expect(throws: ScrapeCodecError.self) { try damaged.send("a 2\n") }
        #expect(error?.code == .outOfSequence)
    }

    @Test func `a body of the last segment can be had until its target's keyframe in the new one`() throws {
        var pipe = Pipe()
        let first = try pipe.send("a 1\n")
        pipe.encoder.beginSegment()
        pipe.decoder.beginSegment()
        #expect(try first.render() == ByteBuffer(string: "a 1\n"))
        let second = try pipe.send("b 1\n")
        #expect(try second.render() == ByteBuffer(string: "b 1\n"))
        #expect(!first.isSame(as: second))
    }

    @Test func `threads that render meet bodies that are whole or superseded`() async throws {
        var pipe = Pipe()
        let rounds = 200
        for round in 0..<rounds {
            let expected = ByteBuffer(string: (0..<20).map { "a{n=\"\($0)\"} \(round)\n" }.joined())
            let body = try pipe.send(.make(expected))
            let reader = Task.detached { () -> Bool in
                do throws(ScrapeCodecError) {
                    return try body.render() == expected
                } catch {
                    return error.code == .superseded
                }
            }
            _ = try pipe.send("b \(round)\n")
            #expect(await reader.value, "round \(round)")
        }
    }
}
