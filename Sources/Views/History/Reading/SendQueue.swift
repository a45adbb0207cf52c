import Glibc
import NIOCore

/// What the system says of a TCP connection's sending side.
struct SendQueue: Sendable {
    /// As old a form as the C library has; the system knows more.
    private var info: tcp_info
    private var pacingRate: UInt64
    private var maximumPacingRate: UInt64
    private var acknowledgedBytes: UInt64
    private var receivedBytes: UInt64
    private var segmentsOut: UInt32
    private var segmentsIn: UInt32
    /// Bytes that have not been sent even once, as the reader takes nothing; 0 where the system does not tell.
    private var unsentBytes: UInt32

    /// Whether the other side has received all that was written to a socket; true for what is no TCP socket. Known at once
    /// on the channel's loop.
    static func isEmpty(of channel: any Channel) -> EventLoopFuture<Bool> {
        guard let socket = channel as? any SocketOptionProvider else {
            return channel.eventLoop.makeSucceededFuture(true)
        }
        let queue: EventLoopFuture<SendQueue> = socket.unsafeGetSocketOption(
            level: .tcp, name: NIOBSDSocket.Option(rawValue: TCP_INFO))
        return queue.map { $0.info.tcpi_unacked == 0 && $0.unsentBytes == 0 }
    }
}
