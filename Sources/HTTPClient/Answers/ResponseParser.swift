import NIOCore

/// Takes the bytes of a connection apart into the parts of one answer (RFC 9112, the client's half).
///
/// Owns what has been understood so far and the beginning of a line that is not whole yet, which the limits bound. A
/// value type: bytes in, parts out. Strict where leniency would let two readers see two answers: no folded fields, one
/// length only, no transfer coding but `chunked`; a line may end in LF alone.
struct ResponseParser {
    /// A piece of the answer, in order: one head, any number of bodies, one end.
    enum Part {
        case head(ResponseHead)
        case body(ByteBuffer)
        case end
    }

    private enum State {
        case statusLine
        case fields
        /// This many bytes of the body are still to come.
        case counted(Int)
        case untilClose
        case chunkSize
        case chunk(Int)
        case chunkEnd
        case trailers
        case done
    }

    private var state = State.statusLine
    private var head = ResponseHead()
    private var framing = ResponseFraming()
    /// A line whose end has not come.
    private var partial = ByteBuffer()
    private var fieldBytes = 0
    private var fieldCount = 0
    /// Bytes of the lines before chunks, and of the chunks announced by them.
    private var chunkBytes = 0
    private var bodyBytes = 0

    /// The longest line that gives the size of a chunk, bytes.
    private static let chunkLineLimit = 1024

    /// Takes the next part out of `input`; nil when it needs more bytes, and after the end. Fails with
    /// `.malformedResponse`, after which it must not be asked again.
    mutating func next(_ input: inout ByteBuffer) throws(HTTPClientError) -> Part? {
        while true {
            switch state {
            case .statusLine:
                guard let line = try takeLine(&input) else { return nil }
                try readStatus(line)
            case .fields:
                guard let line = try takeLine(&input) else { return nil }
                if line.readableBytes == 0 {
                    if try endHead() { return .head(head) }
                } else {
                    try readField(line)
                }
            case .counted(let left):
                guard left > 0 else {
                    state = .done
                    return .end
                }
                guard let bytes = take(&input, upTo: left) else { return nil }
                state = .counted(left - bytes.readableBytes)
                return .body(bytes)
            case .untilClose:
                return take(&input, upTo: input.readableBytes).map { .body($0) }
            case .chunkSize:
                guard let line = try takeLine(&input) else { return nil }
                let size = try Self.chunkSize(line)
                // What a target sends around its chunks is bounded by what is in them.
                chunkBytes += line.readableBytes
                guard chunkBytes <= HTTPClientSettings.headerLimit + 16 * bodyBytes else {
                    throw Self.malformed("more around the chunks than in them")
                }
                bodyBytes += min(size, 1 << 30)
                state = size > 0 ? .chunk(size) : .trailers
            case .chunk(let left):
                guard let bytes = take(&input, upTo: left) else { return nil }
                state = bytes.readableBytes == left ? .chunkEnd : .chunk(left - bytes.readableBytes)
                return .body(bytes)
            case .chunkEnd:
                guard let line = try takeLine(&input) else { return nil }
                guard line.readableBytes == 0 else { throw Self.malformed("a chunk longer than its size") }
                state = .chunkSize
            case .trailers:
                guard let line = try takeLine(&input) else { return nil }
                if line.readableBytes == 0 {
                    state = .done
                    return .end
                }
                guard FieldLine(line) != nil else { throw Self.malformed("a line that is no field") }
                try countField()
            case .done: return nil
            }
        }
    }

    /// Whether the end of the connection is the end of the answer.
    mutating func endsByClosing() -> Bool {
        guard case .untilClose = state else { return false }
        state = .done
        return true
    }

    // MARK: Lines

    private func take(_ input: inout ByteBuffer, upTo count: Int) -> ByteBuffer? {
        guard input.readableBytes > 0 else { return nil }
        return input.readSlice(length: min(count, input.readableBytes))
    }

    /// The next line without its end. It is searched for in new bytes only, however slowly they come.
    private mutating func takeLine(_ input: inout ByteBuffer) throws(HTTPClientError) -> ByteBuffer? {
        let length = Self.lineLength(input.readableBytesUInt8Span)
        try count(length ?? input.readableBytes)
        guard var line = input.readSlice(length: length ?? input.readableBytes) else { return nil }
        if length == nil || partial.readableBytes > 0 {
            partial.writeBuffer(&line)
            guard length != nil else {
                try judgeBeginning()
                return nil
            }
            line = partial
            partial = ByteBuffer()
        }
        guard let content = Self.contentLength(line.readableBytesUInt8Span) else {
            throw Self.malformed("a control character in a line")
        }
        return line.readSlice(length: content)
    }

    /// How long the first line is with its end; nil when it has none.
    private static func lineLength(_ bytes: Span<UInt8>) -> Int? {
        for index in bytes.indices where bytes[index] == UInt8(ascii: "\n") { return index + 1 }
        return nil
    }

    /// How long a line is without its end; nil when NUL or CR stand in it.
    private static func contentLength(_ line: Span<UInt8>) -> Int? {
        var length = line.count - 1
        if length > 0, line[length - 1] == UInt8(ascii: "\r") { length -= 1 }
        for index in 0..<max(length, 0) where line[index] == 0 || line[index] == UInt8(ascii: "\r") { return nil }
        return max(length, 0)
    }

    /// Counts bytes of lines: of all fields together, or of one chunk's size.
    private mutating func count(_ bytes: Int) throws(HTTPClientError) {
        switch state {
        case .chunkSize, .chunkEnd:
            guard partial.readableBytes + bytes <= Self.chunkLineLimit else {
                throw Self.malformed("a chunk's size of more than \(Self.chunkLineLimit) bytes")
            }
        default:
            fieldBytes += bytes
            guard fieldBytes <= HTTPClientSettings.headerLimit else { throw Self.tooManyFields }
        }
    }

    private mutating func countField() throws(HTTPClientError) {
        fieldCount += 1
        guard fieldCount <= HTTPClientSettings.headerFieldLimit else { throw Self.tooManyFields }
    }

    /// What is not HTTP is told from its first bytes: it may never send a whole line.
    private func judgeBeginning() throws(HTTPClientError) {
        guard case .statusLine = state else { return }
        let text = partial.readableBytesView
        guard text == [UInt8(ascii: "\r")] || zip(text, "HTTP/1.".utf8).allSatisfy({ $0 == $1 }) else {
            throw Self.malformed("it does not begin with HTTP/1.1")
        }
    }

    // MARK: Heads

    private mutating func readStatus(_ line: ByteBuffer) throws(HTTPClientError) {
        // Empty lines before an answer are passed over.
        if line.readableBytes == 0 { return }
        let bytes = line.readableBytesUInt8Span
        guard line.readableBytesView.starts(with: "HTTP/1.".utf8), bytes.count >= 12,
            (0x30...0x39).contains(bytes[7]), bytes[8] == UInt8(ascii: " ")
        else { throw Self.malformed("it does not begin with HTTP/1.1") }
        var status = 0
        for index in 9..<12 {
            guard (0x30...0x39).contains(bytes[index]) else { throw Self.malformed("a status that is no number") }
            status = status * 10 + Int(bytes[index] - 0x30)
        }
        guard status >= 100, bytes.count == 12 || bytes[12] == UInt8(ascii: " ") else {
            throw Self.malformed("a status that is no number of three digits")
        }
        head = ResponseHead()
        head.status = status
        if status != 200, bytes.count > 13 {
            head.reason = line.getString(at: line.readerIndex + 13, length: bytes.count - 13) ?? ""
        }
        framing = ResponseFraming()
        framing.isVersion10 = bytes[7] == UInt8(ascii: "0")
        state = .fields
    }

    private mutating func readField(_ line: ByteBuffer) throws(HTTPClientError) {
        guard let field = FieldLine(line) else { throw Self.malformed("a line that is no field") }
        try countField()
        switch field.nameLength {
        case 8: if field.isNamed("location"), head.location == nil { head.location = field.text }
        case 10: if field.isNamed("connection") { framing.readConnection(field) }
        case 12:
            if field.isNamed("content-type"), !framing.hasType {
                framing.hasType = true
                head.contentType = field.text
            }
        case 14:
            if field.isNamed("content-length"), !framing.readLength(field) {
                throw Self.malformed("a Content-Length that is no number, or two")
            }
        case 16:
            if field.isNamed("content-encoding"), !framing.hasEncoding {
                framing.hasEncoding = true
                head.isGzip = field.valueIsExactly("gzip")
            }
        case 17:
            if field.isNamed("transfer-encoding"), !framing.readCoding(field) {
                throw Self.malformed("a transfer coding other than chunked")
            }
        default: break
        }
    }

    /// The empty line after the fields; false after an interim answer, which another one follows.
    private mutating func endHead() throws(HTTPClientError) -> Bool {
        if (100..<200).contains(head.status), head.status != 101 {
            state = .statusLine
            return false
        }
        guard !(framing.isChunked && framing.length != nil) else {
            throw Self.malformed("both Content-Length and chunks")
        }
        head.declaredLength = framing.length
        head.keepsConnection = framing.keepsConnection
        switch head.status {
        case 101, 204, 304: state = .counted(0)
        default:
            if framing.isChunked {
                state = .chunkSize
            } else if let length = framing.length {
                state = .counted(length)
            } else {
                head.keepsConnection = false
                state = .untilClose
            }
        }
        return true
    }

    /// Hexadecimal digits, and perhaps an extension that nobody reads.
    private static func chunkSize(_ line: ByteBuffer) throws(HTTPClientError) -> Int {
        var size = 0
        var digits = 0
        loop: for byte in line.readableBytesView {
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46, 0x61...0x66: digit = (byte | 0x20) - 0x57
            case UInt8(ascii: ";"), UInt8(ascii: " "), UInt8(ascii: "\t"): break loop
            default: throw malformed("a chunk without a size")
            }
            digits += 1
            // 60 bits: more than any limit, less than any overflow.
            guard digits <= 15 else { throw malformed("a chunk of absurd size") }
            size = size << 4 | Int(digit)
        }
        guard digits > 0 else { throw malformed("a chunk without a size") }
        return size
    }

    private static var tooManyFields: HTTPClientError {
        HTTPClientError(
            .malformedResponse,
            "answer with more than 64 KiB or \(HTTPClientSettings.headerFieldLimit) fields of headers")
    }

    private static func malformed(_ what: String) -> HTTPClientError {
        HTTPClientError(.malformedResponse, "no valid HTTP answer: \(what)")
    }
}
