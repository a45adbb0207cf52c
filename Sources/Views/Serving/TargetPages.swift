import Exposition
import NIOCore
import NIOHTTP1

/// What the pages of targets answer: the one place that decides status, reason, headers and body, for the event loop and
/// for the router alike.
struct TargetPages: Sendable {
    let store: TargetStore
    let compression: WebConfiguration.Compression
    let path: TargetPath

    init(configuration: WebConfiguration, store: TargetStore) {
        self.store = store
        compression = configuration.compression
        path = TargetPath(routePrefix: configuration.routePrefix)
    }

    // MARK: Requests

    /// The request in the form that is answered.
    func request(
        _ id: TargetID, timestamps: Bool, _ headers: TargetRequestHeaders, _ reader: Reader
    ) -> TargetRequest {
        let read = PlainRead(
            id: id, reader: reader.key(userAgent: headers.userAgent ?? ""), limit: patience(headers.scrapeTimeout),
            compressed: !timestamps && wantsCompression(headers.acceptEncoding, reader))
        return TargetRequest(read: read, timestamps: timestamps, accept: headers.accept)
    }

    /// The request of a plain scrape; nil for everything that the router has to judge.
    func request(_ head: HTTPRequestHead, _ reader: Reader) -> TargetRequest? {
        guard head.version == .http1_1, head.method == .GET || head.method == .HEAD,
            let (id, timestamps) = path.parse(head.uri)
        else { return nil }
        var closes = false
        guard let headers = TargetRequestHeaders(head.headers, closes: &closes) else { return nil }
        var request = request(id, timestamps: timestamps, headers, reader)
        request.isHead = head.method == .HEAD
        request.closes = closes
        return request
    }

    /// How long this reader waits for a scrape: its announced timeout less a margin.
    private func patience(_ scrapeTimeout: String?) -> Duration {
        let announced = scrapeTimeout.flatMap { Double($0) } ?? 10
        guard announced.isFinite, announced > 0 else { return .zero }
        let seconds = min(announced, 120)
        return .milliseconds(Int64((seconds - min(0.5, seconds * 0.1)) * 1000))
    }

    private func wantsCompression(_ acceptEncoding: [String], _ reader: Reader) -> Bool {
        switch compression {
        case .off: return false
        case .auto where reader.isLoopback: return false
        case .auto, .on: return Negotiation.acceptsGzip(acceptEncoding)
        }
    }

    // MARK: Answers

    /// The whole answer, for callers that are tasks.
    func response(to request: TargetRequest) async -> PageResponse {
        response(to: request, await store.answer(request.read))
    }

    /// The answer of a read that has waited, or need not.
    func finish(_ request: TargetRequest, _ target: TargetState) -> PageResponse {
        response(to: request, store.finish(request.read, target))
    }

    /// The answer of a read.
    func response(to request: TargetRequest, _ reading: TargetReading) -> PageResponse {
        switch reading {
        case .unknown: PageResponse(failure: 404, "no such target")
        case .withdrawn: PageResponse(contentType: WebRoutes.textFormat, body: ByteBuffer())
        case .unavailable(let status, let reason): PageResponse(failure: status, reason)
        case .body(let body): page(body, request)
        }
    }

    private func page(_ body: ScrapeBody, _ request: TargetRequest) -> PageResponse {
        let format = ContentType(body.contentType)
        if format == .protobuf, !Negotiation.accepts(request.accept, protobuf: true) {
            return PageResponse(failure: 406, "this target answers in protobuf, which the reader does not accept")
        }
        if request.timestamps {
            guard format != .protobuf else {
                return PageResponse(
                    failure: 406, "this target answers in protobuf, to which timestamps cannot be added")
            }
            return PageResponse(contentType: body.contentType, body: stamped(body, format))
        }
        if request.read.compressed, let compressed = body.compressed {
            return PageResponse(contentType: body.contentType, isGzipped: true, body: compressed)
        }
        return PageResponse(contentType: body.contentType, body: body.bytes)
    }

    /// The scrape's own time on every sample, in the collector's clock when the agent's is known to be far off.
    private func stamped(_ body: ScrapeBody, _ format: ContentType) -> ByteBuffer {
        var output: [UInt8] = []
        unsafe body.bytes.withUnsafeReadableBytes { bytes in
            unsafe SampleTimestamps.stamp(
                bytes, format: format, milliseconds: body.readerTimestamp, into: &output)
        }
        return ByteBuffer(bytes: output)
    }
}
