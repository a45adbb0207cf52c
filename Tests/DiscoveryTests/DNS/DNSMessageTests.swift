import TestSupport
import Testing

@testable import Discovery

/// Messages on the wire: what is read out of good ones, and that bad ones are errors.
struct DNSMessageTests {
    private static let name = try? DNSName.parse("_http._tcp.example.com").name

    /// A header with these counts, answers to nothing.
    private func header(_ counts: UInt16..., flags: UInt16 = 0x8180) -> [UInt8] {
        ([7, flags] + counts).flatMap(\.bigEndianBytes)
    }

    @Test func `a query is what other resolvers send`() throws {
        let question = DNSQuestion(name: try DNSName.parse("a.bc").name, type: DNSType.srv)
        let bytes = DNSMessage(id: 0x1234, question: question, datagramBytes: 1232).bytes()
        #expect(
            bytes == [
                0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0x61, 2, 0x62, 0x63, 0, 0, 33, 0, 1, 0, 0, 41, 4, 0xd0, 0,
                0, 0, 0, 0, 0,
            ])
    }

    @Test(arguments: 1...8 as ClosedRange<UInt64>)
    func `what is written is read, whether names are compressed or not`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        for round in 0..<500 {
            if round % 50 == 0 { await Task.yield() }
            let message = generator.message()
            let read = try DNSMessage(reading: message.bytes())
            #expect(read == message, "seed \(seed)")
            var compressed = message
            compressed.wantsRecursion = true
            let bytes = CompressingWriter.bytes(of: compressed, authority: generator.name())
            #expect(try DNSMessage(reading: bytes) == compressed, "seed \(seed)")
            #expect(DNSLaws.broken(by: bytes) == nil, "seed \(seed)")
        }
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `no mutated message does harm`(seed: UInt64) async throws {
        var generator = SeededGenerator(seed: seed)
        var readable = 0
        var bytes: [UInt8] = []
        for round in 0..<50_000 {
            // Others have deadlines.
            if round % 1000 == 0 { await Task.yield() }
            if round % 16 == 0 { bytes = CompressingWriter.bytes(of: generator.message(), authority: .root) }
            generator.mutate(&bytes)
            do throws(DNSError) {
                _ = try DNSMessage(reading: bytes)
                readable += 1
                // Without a macro for each: there are too many.
                guard let broken = DNSLaws.message(bytes) else { continue }
                Issue.record("\(broken): seed \(seed), \(bytes)")
            } catch {
                guard error.code != .malformedMessage else { continue }
                Issue.record("\(error): seed \(seed), \(bytes)")
            }
        }
        #expect(readable > 1000)
    }

    @Test func `what does not fit is left out, and said to be`() throws {
        let question = DNSQuestion(name: try DNSName.parse("a.b").name, type: DNSType.a)
        let message = DNSMessage(
            id: 1, question: question, isResponse: true, answers: Array(repeating: .a([1, 2, 3, 4]), count: 100))
        let cut = message.bytes(limit: 512)
        #expect(cut.count <= 512)
        let read = try DNSMessage(reading: cut)
        #expect(read.isTruncated && read.answers.isEmpty && read.question == question)
        #expect(try DNSMessage(reading: message.bytes()).answers.count == 100)
    }

    @Test func `a code beyond 15 is put together`() throws {
        let message = DNSMessage(id: 1, question: nil, isResponse: true, code: .badVersion, datagramBytes: 512)
        #expect(try DNSMessage(reading: message.bytes()).code == .badVersion)
    }

    @Test func `4096 records are read, and one more is refused before anything is`() throws {
        // Eleven bytes each, the least that a record can have.
        let record: [UInt8] = [0, 0, 10, 0, 1, 0, 0, 0, 0, 0, 0]
        let most = header(0, 4096, 0, 0) + Array(repeating: record, count: 4096).flatMap(\.self)
        #expect(try DNSMessage(reading: most).answers.count == 4096)
        #expect(throws: DNSError(.malformedMessage, "it claims to hold more than 4096 records")) {
            _ = try DNSMessage(reading: header(0, 1, 4096, 0))
        }
    }

    @Test func `bad messages are errors that say why`() throws {
        let a: [UInt8] = [0, 0, 1, 0, 1, 0, 0, 0, 0]
        let early = "it ends too early"
        let loop = "a name in it points forward or in circles"
        let long = "a name in it is longer than 255 bytes"
        let label = [UInt8](arrayLiteral: 63) + Array(repeating: UInt8(ascii: "a"), count: 63)
        let cases: [([UInt8], String)] = [
            ([], early), ([1, 2, 3], early), (header(1, 0, 0, 0), early), (header(0, 1, 0, 0), early),
            (header(2, 0, 0, 0), "it holds 2 questions instead of one"),
            (header(1, 0, 0, 0) + [0, 0, 1, 0, 3], "its question is not about the Internet class"),
            (header(0, 1, 0, 0) + a + [0, 5, 1, 2, 3, 4, 5], "a record of type 1 in it has a wrong length"),
            (header(0, 1, 0, 0) + a + [0, 4, 1, 2, 3], early),
            // A pointer to itself, two to each other, one forward.
            (header(1, 0, 0, 0) + [0xc0, 12, 0, 1, 0, 1], loop),
            (header(0, 1, 0, 0) + [0xc0, 14, 0xc0, 12], loop),
            (header(1, 0, 0, 0) + [1, 0x61, 0xc0, 12, 0, 1, 0, 1], loop),
            (header(1, 0, 0, 0) + [0xc0, 40] + Array(repeating: 0, count: 40), loop),
            (header(1, 0, 0, 0) + [0xc0], early),
            (header(1, 0, 0, 0) + [0x40, 0], "a name in it holds a label of an unknown kind"),
            (header(1, 0, 0, 0) + label + label + label + label + [0], long),
            (header(1, 0, 0, 0) + Array(repeating: [1, 0x61], count: 128).flatMap(\.self) + [0], long),
            (Array(repeating: 0, count: 65_536), "it is longer than 64 KiB"),
        ]
        for (bytes, sentence) in cases {
            #expect(throws: DNSError(.malformedMessage, sentence), "\(bytes.prefix(40))") {
                _ = try DNSMessage(reading: bytes)
            }
        }
    }

    @Test func `an answer is known by id and question`() throws {
        let question = DNSQuestion(name: try #require(Self.name), type: DNSType.srv)
        func isReply(_ change: (inout DNSMessage) -> Void) -> Bool {
            var message = DNSMessage(id: 9, question: question, isResponse: true)
            change(&message)
            return DNSMessage.isReply(message.bytes(), to: question, id: 9)
        }
        #expect(isReply { _ in })
        #expect(
            isReply {
                $0.question = DNSQuestion(
                    name: DNSName(
                        labels: question.name.labels.map { label in
                            label.map { byte in (97...122).contains(byte) ? byte - 32 : byte }
                        }) ?? .root, type: DNSType.srv)
            })
        #expect(!isReply { $0.id = 8 })
        #expect(!isReply { $0.isResponse = false })
        #expect(!isReply { $0.operation = 4 })
        #expect(!isReply { $0.question?.type = DNSType.a })
        #expect(!isReply { $0.question?.name = .root })
        #expect(!isReply { $0.question = nil })
        // A server that did not understand need not repeat what it was asked.
        #expect(isReply { ($0.question, $0.code) = (nil, .malformed) })
        #expect(!isReply { ($0.question, $0.code) = (nil, .noSuchName) })
        #expect(!DNSMessage.isReply([0, 9, 0x81], to: question, id: 9))
    }
}

extension SeededGenerator {
    /// Changes bytes, cuts, repeats, or puts in what steers a reader: pointers, lengths, counts.
    mutating func mutate(_ bytes: inout [UInt8]) {
        for _ in 0..<Int.random(in: 1...3, using: &self) {
            let place = bytes.isEmpty ? 0 : Int.random(in: 0..<bytes.count, using: &self)
            switch Int.random(in: 0..<8, using: &self) {
            case 0...2 where !bytes.isEmpty: bytes[place] = .random(in: .min ... .max, using: &self)
            case 3 where !bytes.isEmpty: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 4 where Int.random(in: 0..<4, using: &self) == 0: bytes.removeSubrange(place...)
            case 5 where bytes.count < 2048: bytes.insert(contentsOf: bytes[..<place].suffix(20), at: place)
            case 6 where bytes.count >= place + 2:
                bytes[place] = 0xc0
                bytes[place + 1] = .random(in: .min ... .max, using: &self)
            default: bytes.append([0, 1, 12, 63, 64, 0xc0, 0xff].randomElement(using: &self) ?? 0)
            }
        }
    }
}
