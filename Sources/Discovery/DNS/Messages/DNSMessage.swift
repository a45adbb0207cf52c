/// A DNS message (RFC 1035, with EDNS of RFC 6891), as far as a client that looks for records cares: one question and
/// its answers.
///
/// Owns the form on the wire and its limits: 64 KiB, 4096 records. What it does not keep (authority, additional
/// records) is checked for its form all the same.
struct DNSMessage: Sendable, Hashable {
    var id: UInt16
    var isResponse = false
    /// 0: a query.
    var operation: UInt8 = 0
    /// Records are missing because of the transport's limit; none is kept then.
    var isTruncated = false
    var wantsRecursion = true
    var code = DNSResponseCode.success
    var question: DNSQuestion?
    var answers: [DNSRecord] = []
    /// How many bytes a datagram to the sender may have; nil without EDNS.
    var datagramBytes: UInt16?

    static let maximumBytes = 65_535
    static let maximumRecords = 4096
    private static let headerBytes = 12
    private static let optionBytes = 11

    init(
        id: UInt16, question: DNSQuestion?, isResponse: Bool = false, code: DNSResponseCode = .success,
        answers: [DNSRecord] = [], datagramBytes: UInt16? = nil
    ) {
        self.id = id
        self.question = question
        self.isResponse = isResponse
        self.code = code
        self.answers = answers
        self.datagramBytes = datagramBytes
    }

    // MARK: Reading

    /// The header's numbers.
    private struct Header {
        var id: UInt16
        var flags: UInt16
        /// Questions, answers, authorities, additional records.
        var counts: [Int] = []

        init(reading reader: inout DNSReader) throws(DNSError) {
            id = try reader.uint16()
            flags = try reader.uint16()
            for _ in 0..<4 { counts.append(Int(try reader.uint16())) }
        }

        var isResponse: Bool { flags & 0x8000 != 0 }
        var operation: UInt8 { UInt8(truncatingIfNeeded: flags >> 11) & 0x0f }
        var code: DNSResponseCode { DNSResponseCode(rawValue: flags & 0x000f) }
    }

    /// The message that these bytes hold.
    init(reading bytes: [UInt8]) throws(DNSError) {
        guard bytes.count <= Self.maximumBytes else {
            throw DNSError(.malformedMessage, "it is longer than 64 KiB")
        }
        var reader = DNSReader(bytes)
        let header = try Header(reading: &reader)
        id = header.id
        isResponse = header.isResponse
        operation = header.operation
        isTruncated = header.flags & 0x0200 != 0
        wantsRecursion = header.flags & 0x0100 != 0
        code = header.code
        question = try Self.question(&reader, header)
        guard header.counts[1] + header.counts[2] + header.counts[3] <= Self.maximumRecords else {
            throw DNSError(.malformedMessage, "it claims to hold more than \(Self.maximumRecords) records")
        }
        // What was cut off may end anywhere.
        guard !isTruncated else { return }
        for _ in 0..<header.counts[1] { answers.append(try DNSRecord(reading: &reader)) }
        for _ in 0..<header.counts[2] + header.counts[3] {
            let fields = try DNSRecord.Fields(reading: &reader)
            try reader.skip(fields.length)
            guard fields.type == DNSType.opt else { continue }
            datagramBytes = fields.classNumber
            code = DNSResponseCode(rawValue: UInt16(fields.timeToLive >> 24) << 4 | header.code.rawValue)
        }
    }

    private static func question(_ reader: inout DNSReader, _ header: Header) throws(DNSError) -> DNSQuestion? {
        guard header.counts[0] > 0 else { return nil }
        guard header.counts[0] == 1 else {
            throw DNSError(.malformedMessage, "it holds \(header.counts[0]) questions instead of one")
        }
        let question = DNSQuestion(name: try reader.name(), type: try reader.uint16())
        guard try reader.uint16() == DNSType.internetClass else {
            throw DNSError(.malformedMessage, "its question is not about the Internet class")
        }
        return question
    }

    /// Whether these bytes begin like the answer to a question asked under `id`; the rest may still be malformed.
    static func isReply(_ bytes: [UInt8], to question: DNSQuestion, id: UInt16) -> Bool {
        var reader = DNSReader(bytes)
        do throws(DNSError) {
            let header = try Header(reading: &reader)
            guard header.id == id, header.isResponse, header.operation == 0 else { return false }
            if let found = try Self.question(&reader, header) { return found.isSame(as: question) }
            // Servers that could not make sense of a question need not repeat it.
            return [.malformed, .serverFailure, .notImplemented, .refused].contains(header.code)
        } catch {
            return false
        }
    }

    // MARK: Writing

    /// The message in at most `limit` bytes: when answers do not fit, it has none and says that it is truncated.
    func bytes(limit: Int = maximumBytes) -> [UInt8] {
        var whole = header(answers: answers.count, isTruncated: isTruncated) + questionBytes
        let limit = min(limit, Self.maximumBytes) - (datagramBytes == nil ? 0 : Self.optionBytes)
        guard answers.count + (datagramBytes == nil ? 0 : 1) <= Self.maximumRecords else { return cutBytes }
        for answer in answers {
            let (type, content) = answer.encoded
            // The owner is who was asked for: a pointer to the question.
            whole += question == nil ? [0] : [0xc0, UInt8(Self.headerBytes)]
            whole += type.bigEndianBytes + DNSType.internetClass.bigEndianBytes + [0, 0, 0, 0]
            whole += UInt16(truncatingIfNeeded: content.count).bigEndianBytes + content
            guard whole.count <= limit else { return cutBytes }
        }
        return whole + optionRecord
    }

    private var cutBytes: [UInt8] { header(answers: 0, isTruncated: true) + questionBytes + optionRecord }

    private func header(answers: Int, isTruncated: Bool) -> [UInt8] {
        var flags = UInt16(operation & 0x0f) << 11 | code.rawValue & 0x000f
        if isResponse { flags |= 0x8000 }
        if isTruncated { flags |= 0x0200 }
        if wantsRecursion { flags |= 0x0100 }
        let counts: [UInt16] = [
            question == nil ? 0 : 1, UInt16(truncatingIfNeeded: answers), 0, datagramBytes == nil ? 0 : 1,
        ]
        return ([id, flags] + counts).flatMap(\.bigEndianBytes)
    }

    private var questionBytes: [UInt8] {
        guard let question else { return [] }
        return question.name.wire + question.type.bigEndianBytes + DNSType.internetClass.bigEndianBytes
    }

    private var optionRecord: [UInt8] {
        guard let datagramBytes else { return [] }
        let codeBits = UInt8(truncatingIfNeeded: code.rawValue >> 4)
        return [0] + DNSType.opt.bigEndianBytes + datagramBytes.bigEndianBytes + [codeBits, 0, 0, 0, 0, 0]
    }
}
