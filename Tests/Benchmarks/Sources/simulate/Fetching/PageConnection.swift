import NIOCore
import NIOHTTP1
import NIOPosix
import Recordings

/// One keep-alive connection to a web server, for one question at a time.
struct PageConnection: ~Copyable {
    typealias AsyncChannel = NIOAsyncChannel<HTTPClientResponsePart, HTTPClientRequestPart>

    /// An answer: its status and its body.
    struct Page {
        var status: UInt
        var body: ByteBuffer
    }

    private let host: String
    private let outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>
    private var inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator

    /// Dials `address`, lends the connection to `body` and closes it afterwards.
    static func withConnection(
        to address: SocketAddress, on loops: any EventLoopGroup,
        _ body: (inout PageConnection) async throws -> Void
    ) async throws {
        let channel = try await ClientBootstrap(group: loops)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .connect(to: address) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    return try AsyncChannel(wrappingChannelSynchronously: channel)
                }
            }
        let host = "127.0.0.1:\(address.port ?? 0)"
        try await channel.executeThenClose { inbound, outbound in
            var connection = PageConnection(
                host: host, outbound: outbound, inbound: inbound.makeAsyncIterator())
            try await body(&connection)
        }
    }

    private init(
        host: String, outbound: NIOAsyncChannelOutboundWriter<HTTPClientRequestPart>,
        inbound: NIOAsyncChannelInboundStream<HTTPClientResponsePart>.AsyncIterator
    ) {
        self.host = host
        self.outbound = outbound
        self.inbound = inbound
    }

    /// Fetches `path` as a Prometheus would.
    mutating func get(_ path: String, timeoutSeconds: Int) async throws -> Page {
        let headers: HTTPHeaders = [
            "host": host, "user-agent": "Prometheus/2.42.0 (benchmark)", "accept-encoding": "gzip",
            "accept": "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
            "x-prometheus-scrape-timeout-seconds": "\(timeoutSeconds)",
        ]
        let head = HTTPRequestHead(version: .http1_1, method: .GET, uri: path, headers: headers)
        try await outbound.write(contentsOf: [.head(head), .end(nil)])
        var page = Page(status: 0, body: ByteBuffer())
        while let part = try await inbound.next(isolation: nil) {
            switch part {
            case .head(let head): page.status = head.status.code
            case .body(var bytes):
                if page.body.readableBytes == 0 { page.body = bytes } else { page.body.writeBuffer(&bytes) }
            case .end: return page
            }
        }
        throw BenchmarkError("the connection to \(host) was closed before the answer was complete")
    }
}
