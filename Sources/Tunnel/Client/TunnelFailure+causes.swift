import Glibc
import NIOCore
import NIOPosix
import ScrapeLog
import TLS

extension TunnelFailure {
    /// The log does not have the first byte of `range`.
    static func notHeld(_ range: LogRange) -> TunnelFailure {
        .init(stage: .established, reason: "log", message: "offset \(range.from) of epoch \(range.epoch) is not held")
    }

    /// A TLS error, with its own cure.
    init(tls error: TLSError, isTLSDone: Bool, isOpen: Bool) {
        if case .uncleanShutdown = error.code {
            self.init(
                stage: isOpen ? .established : (isTLSDone ? .welcome : .tls), reason: "eof",
                message: "the connection ended without a goodbye",
                cure: isOpen ? "" : "see the collector's log for the reason")
            return
        }
        self.init(
            stage: isOpen ? .established : .tls, reason: error.reason, message: error.message, cure: error.cure ?? "")
    }

    /// A connection attempt that failed before there was a connection.
    init(connecting address: String, error: any Error) {
        guard let error = error as? NIOConnectionError else {
            if error is ChannelError {
                self.init(
                    stage: .connect, reason: "timeout", message: "no connection to \(address) in time",
                    cure: "check that the collector runs and that outbound TCP to this port is allowed")
            } else {
                self.init(
                    stage: .connect, reason: "error", message: "no connection to \(address): \(error)",
                    cure: "check the network")
            }
            return
        }
        guard let first = error.connectionErrors.first else {
            self.init(
                stage: .resolve, reason: "resolve", message: "the name in \(address) does not resolve",
                cure: "check the name and the host's DNS settings")
            return
        }
        if case ChannelError.connectTimeout? = first.error as? ChannelError {
            self.init(
                stage: .connect, reason: "timeout", message: "no connection to \(address) in time",
                cure: "check that the collector runs and that outbound TCP to this port is allowed")
            return
        }
        let errno = (first.error as? IOError)?.errnoCode
        switch errno {
        case ECONNREFUSED:
            self.init(
                stage: .connect, reason: "refused", message: "\(address) refused the connection",
                cure: "check that the collector runs and listens on this port")
        case ENETUNREACH, EHOSTUNREACH:
            self.init(
                stage: .connect, reason: "unreachable", message: "\(address) cannot be reached",
                cure: "check routes and firewalls for outbound TCP to this port")
        default:
            self.init(
                stage: .connect, reason: "error", message: "no connection to \(address): \(first.error)",
                cure: "check the network")
        }
    }
}
