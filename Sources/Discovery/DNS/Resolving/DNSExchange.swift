import Glibc
import NIOCore
import NIOPosix

/// One question on a socket of its own: the kernel chooses the port at random and lets nobody but the server answer.
///
/// Owns the socket until it is closed. Confined to its event loop; no event comes while a call of it is under way, and
/// none after `close`.
final class DNSExchange {
    enum Event {
        /// A whole message; more may follow.
        case received([UInt8])
        /// Why there will be no more.
        case failed(String)
    }

    private let query: DNSQuery
    private let eventLoop: any EventLoop
    private var onEvent: ((Event) -> Void)?
    private var channel: (any Channel)?

    /// More than was offered to the server; what is longer is cut, and then malformed.
    private static let datagramBytes = 4096

    init(_ query: DNSQuery, eventLoop: any EventLoop, onEvent: @escaping (Event) -> Void) {
        self.query = query
        self.eventLoop = eventLoop
        self.onEvent = onEvent
    }

    func start() {
        do {
            let address = try query.server.socketAddress()
            let connected =
                switch query.transport {
                case .udp: connectDatagrams(to: address)
                case .tcp: connectStream(to: address)
                }
            connected.assumeIsolated().whenComplete { result in
                switch result {
                case .success(let channel): self.send(on: channel)
                case .failure(let error): self.fail(error)
                }
            }
        } catch {
            fail(error)
        }
    }

    func close() {
        onEvent = nil
        channel?.close(promise: nil)
        channel = nil
    }

    private func connectDatagrams(to address: SocketAddress) -> EventLoopFuture<any Channel> {
        let handler = NIOLoopBound(DNSDatagramHandler(exchange: self, server: address), eventLoop: eventLoop)
        return DatagramBootstrap(group: eventLoop)
            .channelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: Self.datagramBytes))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
            }
            .connect(to: address)
    }

    private func connectStream(to address: SocketAddress) -> EventLoopFuture<any Channel> {
        let handler = NIOLoopBound(DNSStreamHandler(exchange: self), eventLoop: eventLoop)
        return ClientBootstrap(group: eventLoop)
            .connectTimeout(max(query.until - eventLoop.now, .milliseconds(1)))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try channel.pipeline.syncOperations.addHandler(handler.value) }
            }
            .connect(to: address)
    }

    private func send(on channel: any Channel) {
        guard onEvent != nil else { return channel.close(promise: nil) }
        self.channel = channel
        var buffer = ByteBuffer()
        // Queries are far below 64 KiB.
        if query.transport == .tcp { buffer.writeInteger(UInt16(truncatingIfNeeded: query.message.count)) }
        buffer.writeBytes(query.message)
        channel.writeAndFlush(buffer).assumeIsolated().whenFailure { self.fail($0) }
    }

    func received(_ message: [UInt8]) { onEvent?(.received(message)) }

    /// Told later, so that a list of servers of which none can be reached is no recursion.
    func fail(_ error: any Error) {
        let reason =
            switch error {
            case let error as DNSError: error.message
            case let error as IOError: "cannot be reached: \(String(cString: strerror(error.errnoCode)).lowercased())"
            case ChannelError.connectTimeout: "did not answer in time"
            case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.alreadyClosed:
                "closed the connection without an answer"
            default: "cannot be reached"
            }
        eventLoop.assumeIsolated().execute { self.onEvent?(.failed(reason)) }
    }
}
