import Glibc
import NIOCore

/// The kernel's part in noticing a dead peer: a backup for our own pings.
enum SocketTimeouts {
    /// Unacknowledged data for 30 s ends the connection; keepalive probes after 30 s of silence, every 10 s, three times.
    static func apply(to channel: any Channel) {
        for (name, value) in [(TCP_USER_TIMEOUT, 30_000), (TCP_KEEPIDLE, 30), (TCP_KEEPINTVL, 10), (TCP_KEEPCNT, 3)] {
            let option = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: name))
            // A kernel without the option keeps its own timeouts.
            channel.setOption(option, value: value).whenFailure { _ in }
        }
    }
}
