import NIOCore

/// The last scrape on a connection, as it came and as it was understood: scrapers send the same bytes each time, with
/// another target's id at most, and those need not be parsed again. Owns a copy of the bytes.
struct RepeatedRequest {
    private static let idLength = 32
    /// Longer requests are not remembered.
    private static let maximumLength = 4096
    private static let blankLine = Array("\r\n\r\n".utf8)

    /// Bytes in front of a GET's id.
    private let idOffset: Int
    /// Those bytes: a decoder may accept others in their place.
    private let front: [UInt8]
    private var bytes = ByteBuffer()
    private var request: TargetRequest?
    /// Whether the next byte begins a request.
    private var isAtStart = true
    /// Requests that the decoder has begun and not ended.
    private var open = 0
    /// What the decoder made of the bytes it was last given: how many requests, and the last of them.
    private var heads = 0
    private var last: TargetRequest?

    init(path: TargetPath) {
        front = Array("GET ".utf8) + path.front
        idOffset = front.count
    }

    /// The request that these bytes are, when all of them but the id are known.
    func match(_ input: ByteBuffer) -> TargetRequest? {
        guard isAtStart, var request, input.readableBytes == bytes.readableBytes else { return nil }
        let (known, new) = (bytes.readableBytesView, input.readableBytesView)
        let back = idOffset + Self.idLength
        guard new.starts(with: front), new.dropFirst(back) == known.dropFirst(back),
            let id = TargetID(String(decoding: new.dropFirst(idOffset).prefix(Self.idLength), as: UTF8.self))
        else { return nil }
        request.read.id = id
        return request
    }

    /// The decoder has come to the end of a head; nil when the request is not ours.
    mutating func head(_ request: TargetRequest?) {
        open += 1
        heads += 1
        last = request
    }

    /// The decoder has come to the end of a request.
    mutating func end() {
        open -= 1
    }

    /// The decoder has been given these bytes and has said what it makes of them.
    mutating func decoded(_ input: ByteBuffer) {
        let wasAtStart = isAtStart
        // A request that has begun and whose head is not complete cannot end like this.
        isAtStart = open == 0 && input.readableBytesView.suffix(4).elementsEqual(Self.blankLine)
        if wasAtStart, isAtStart, heads == 1, let last, !last.isHead, !last.closes,
            input.readableBytes <= Self.maximumLength, input.readableBytesView.starts(with: front)
        {
            bytes.clear()
            bytes.writeBytes(input.readableBytesView)
            request = last
        }
        heads = 0
        last = nil
    }

    /// The decoder has given up.
    mutating func forget() {
        request = nil
        open = .max / 2
    }
}
