import NIOCore

/// Puts one answer together from its parts.
///
/// Owns the body as it grows and decides what an answer is worth: a value type without a clock or a connection. Until
/// `settle` the body may stand in the memory it was read into.
struct ResponseAssembly {
    /// What to do after a part.
    enum Action {
        /// Wait for more parts.
        case more
        case succeed(HTTPClientResponse)
        /// Follow this Location. The connection can be kept when the whole answer has arrived.
        case redirect(location: String, status: Int)
        case fail(HTTPClientError)
    }

    private enum State {
        case head
        case body
        /// A redirect whose small body is read to its end to keep the connection.
        case redirecting(location: String, status: Int, read: Int)
        case done
    }

    /// Fails at this many bytes of body, decoded or not.
    let bodyLimit: Int
    let followsRedirects: Bool
    /// A guess at the size of the body, and of what comes over the wire for it: those of the previous one.
    let expectedSize: (body: Int, wire: Int)
    let means: HTTPClientMeans
    /// Who answers, for sentences: a proxy may speak for the target.
    var speaker = Speaker.target

    private var state = State.head
    private var contentType = ""
    private var isGzip = false
    private var declaredLength: Int?
    private var body = ByteBuffer()
    private var isBorrowed = false
    private(set) var wireBytes = 0
    /// Whether the connection can serve another request once the answer is complete.
    private(set) var keepsConnection = false

    /// Bodies of redirects up to this many bytes are read to keep the connection.
    private static let redirectBodyLimit = 16 * 1024
    /// Memory reserved on the word of a Content-Length alone.
    private static let reservation = 256 * 1024

    init(bodyLimit: Int, followsRedirects: Bool, expectedSize: (body: Int, wire: Int), means: HTTPClientMeans) {
        self.bodyLimit = bodyLimit
        self.followsRedirects = followsRedirects
        self.expectedSize = expectedSize
        self.means = means
    }

    /// Bytes of the body held by now.
    var heldBytes: Int { body.readableBytes }

    mutating func receive(_ head: ResponseHead) -> Action {
        guard case .head = state else { return fail(.malformedResponse, "second answer to one request") }
        let status = head.status
        keepsConnection = head.keepsConnection
        if followsRedirects, [301, 302, 303, 307, 308].contains(status) {
            guard let location = head.location, !location.isEmpty else {
                return fail(.redirectRefused, "status \(status) without a Location", status: status)
            }
            state = .redirecting(location: location, status: status, read: 0)
            return .more
        }
        guard status == 200 else {
            return fail(.unexpectedStatus, speaker.sentence(for: head), status: status)
        }
        contentType = head.contentType
        isGzip = head.isGzip
        declaredLength = head.declaredLength
        if let declaredLength, declaredLength >= wireLimit { return tooLarge() }
        state = .body
        return .more
    }

    mutating func receive(_ part: ByteBuffer) -> Action {
        switch state {
        case .redirecting(let location, let status, let read):
            let total = read + part.readableBytes
            guard total <= Self.redirectBodyLimit else {
                keepsConnection = false
                state = .done
                return .redirect(location: location, status: status)
            }
            state = .redirecting(location: location, status: status, read: total)
            return .more
        case .body:
            wireBytes += part.readableBytes
            guard wireBytes < wireLimit else { return tooLarge() }
            append(part)
            return .more
        case .head, .done:
            return fail(.malformedResponse, "body without a head")
        }
    }

    /// The answer is complete.
    mutating func receiveEnd() -> Action {
        switch state {
        case .redirecting(let location, let status, _):
            state = .done
            return .redirect(location: location, status: status)
        case .body:
            state = .done
            return finished()
        case .head, .done:
            return fail(.malformedResponse, "end of an answer without a head")
        }
    }

    /// Where the answer stands, for the sentence of a timeout.
    var progress: String {
        switch state {
        case .head: "waiting for the answer"
        case .redirecting: "reading a redirect"
        case .body, .done: "after \(wireBytes) bytes of the body"
        }
    }

    /// What was read has been parsed: from now on the body stands in memory of its own.
    mutating func settle() {
        guard isBorrowed else { return }
        isBorrowed = false
        var read = body
        let guess = declaredLength ?? (isGzip ? expectedSize.wire : expectedSize.body)
        let size = max(min(guess + guess / 16, Self.reservation, wireLimit), read.readableBytes)
        body = isGzip ? ByteBufferAllocator().buffer(capacity: size) : means.takeBody(size)
        body.writeBuffer(&read)
    }

    private mutating func finished() -> Action {
        guard isGzip else {
            settle()
            means.keepBody(body)
            return .succeed(
                HTTPClientResponse(status: 200, contentType: contentType, body: body, wireBytes: wireBytes))
        }
        do {
            let plain = try means.decompress(body, limit: bodyLimit, expected: expectedSize.body)
            return .succeed(
                HTTPClientResponse(status: 200, contentType: contentType, body: plain, wireBytes: wireBytes))
        } catch {
            return .fail(error)
        }
    }

    private mutating func append(_ part: ByteBuffer) {
        guard body.readableBytes > 0 else {
            body = part
            isBorrowed = true
            return
        }
        settle()
        var part = part
        body.writeBuffer(&part)
    }

    /// A gzip body at the limit can be a little larger than what is inside it.
    private var wireLimit: Int {
        guard isGzip else { return bodyLimit }
        let (sum, overflow) = bodyLimit.addingReportingOverflow(bodyLimit / 256 + 1024)
        return overflow ? bodyLimit : sum
    }

    private mutating func tooLarge() -> Action {
        fail(.bodyTooLarge, "body of \(bodyLimit) bytes or more")
    }

    private mutating func fail(_ code: HTTPClientError.Code, _ message: String, status: Int = 0) -> Action {
        state = .done
        keepsConnection = false
        return .fail(HTTPClientError(code, message, status: status))
    }
}
