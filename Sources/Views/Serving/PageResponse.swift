import HTTPTypes
import Hummingbird
import NIOCore

/// An answer before it is put into anybody's words: the same for the event loop and the router.
struct PageResponse: Sendable {
    var status: Int
    /// Ours, in the status line; nil for the usual one of 200.
    var reason: String?
    /// Empty for no header.
    var contentType: String
    var isGzipped = false
    /// Seconds since the Unix epoch; nil for no header.
    var lastModified: Int64?
    /// Whether it is followed to its reader, see ``PageDeliveryHandler``.
    var isFollowed = false
    var body: ByteBuffer

    /// A page that answers what was asked.
    init(contentType: String, isGzipped: Bool = false, body: ByteBuffer) {
        status = 200
        self.contentType = Self.legal(contentType)
        self.isGzipped = isGzipped
        self.body = body
    }

    /// An error with its reason in the status line, cut to fit, for Prometheus' target page, and in the body, for people.
    init(failure status: Int, _ reason: String) {
        self.status = status
        self.reason = StatusReasonHandler.clean(reason)
        contentType = "text/plain; charset=utf-8"
        body = ByteBuffer(string: reason + "\n")
    }

    /// What may stand in a header: a target cannot write headers of its own through its Content-Type.
    private static func legal(_ value: String) -> String {
        guard !value.utf8.allSatisfy({ (0x21..<0x7F).contains($0) }) else { return value }
        let isPlain = value.utf8.allSatisfy { (0x20..<0x7F).contains($0) }
        if isPlain, value.utf8.first != 0x20, value.utf8.last != 0x20 { return value }
        return HTTPField(name: .contentType, value: value).value
    }
}

extension Response {
    /// The answer in Hummingbird's words.
    init(_ page: PageResponse) {
        var headers: HTTPFields = [:]
        if !page.contentType.isEmpty { headers[.contentType] = page.contentType }
        if page.isGzipped { headers[.contentEncoding] = "gzip" }
        if let time = page.lastModified {
            var date = ByteBuffer()
            date.writeHTTPDate(time)
            headers[.lastModified] = String(buffer: date)
        }
        if page.isFollowed { headers[.culvertPage] = "1" }
        self.init(
            status: HTTPResponse.Status(code: page.status), headers: headers, body: ResponseBody(byteBuffer: page.body))
        if let reason = page.reason { self.headers[.culvertReason] = reason }
    }
}

extension PageResponse {
    /// The head as it goes out on an HTTP/1.1 connection, in the order Hummingbird writes it.
    ///
    /// - Parameter time: seconds since the Unix epoch.
    func writeHead(to buffer: inout ByteBuffer, time: Int64) {
        if let reason {
            buffer.writeStaticString("HTTP/1.1 ")
            buffer.writeDecimal(status)
            buffer.writeStaticString(" ")
            buffer.writeString(reason)
        } else {
            buffer.writeStaticString("HTTP/1.1 200 OK")
        }
        if !contentType.isEmpty {
            buffer.writeStaticString("\r\nContent-Type: ")
            buffer.writeString(contentType)
        }
        if isGzipped { buffer.writeStaticString("\r\nContent-Encoding: gzip") }
        buffer.writeStaticString("\r\nContent-Length: ")
        buffer.writeDecimal(body.readableBytes)
        buffer.writeStaticString("\r\nDate: ")
        buffer.writeHTTPDate(time)
        buffer.writeStaticString("\r\n\r\n")
    }
}

extension HTTPField.Name {
    /// Our reason phrase on its way to ``StatusReasonHandler``.
    static let culvertReason = Self(StatusReasonHandler.header)
    /// Our note on its way to ``PageDeliveryHandler``.
    static let culvertPage = Self(PageDeliveryHandler.header)
}

extension HTTPFields {
    /// Unset when the name is not valid, which ours are.
    subscript(name: HTTPField.Name?) -> String? {
        get { name.flatMap { self[$0] } }
        set { if let name { self[name] = newValue } }
    }
}
