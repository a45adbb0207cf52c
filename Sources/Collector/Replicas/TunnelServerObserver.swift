import Logging
import NIOCore
import PrometheusInstrumentation
import Synchronization
import TLS
import Tunnel

/// Turns what happens at the tunnel port into log lines and metrics. Lines about connections that were turned away are
/// limited: anyone can cause them.
final class TunnelServerObserver: Sendable {
    private struct Budget {
        var tokens = 20.0
        var updated = NIODeadline.now()
        var suppressed = 0
    }

    private let logger: Logger
    private let metrics: CollectorMetrics
    private let budget = Mutex(Budget())

    init(logger: Logger, metrics: CollectorMetrics) {
        self.logger = logger
        self.metrics = metrics
    }

    func observe(_ event: TunnelServerEvent) {
        switch event {
        case .refused(let peer, let agent, let reason, let message):
            metrics.refused[reason].increment()
            refused(peer, agent, reason, message)
        case .connected(let agent, let peer, let connection, let hello, let tls):
            metrics.connections[agent].increment()
            logger.notice(
                "agent connected",
                metadata: [
                    "agent": "\(agent)", "peer": "\(peer)", "connection": "\(connection)", "build": "\(hello.build)",
                    "tls": "\(tls.version) \(tls.cipher) \(tls.group)", "serial": "\(tls.peer?.serial ?? "")",
                ])
        case .disconnected(let agent, let peer, let connection, let reason, let message):
            metrics.disconnects[agent, reason].increment()
            let isOrdinary = ["goodbye", "eof", "replaced", "shutdown", "restart"].contains(reason)
            logger.log(
                level: isOrdinary ? .notice : .warning, "agent disconnected",
                metadata: [
                    "agent": "\(agent)", "peer": "\(peer)", "connection": "\(connection)", "code": "\(reason)",
                    "reason": "\(message)",
                ])
        case .contended(let agent, let peer, let outcome):
            metrics.contentions[agent, outcome].increment()
            logger.warning(
                "another instance claims a live identity: a copied key, or an agent that was replaced",
                metadata: ["agent": "\(agent)", "peer": "\(peer)", "outcome": "\(outcome)"])
        case .received(let bytes, let frames):
            metrics.receivedBytes.increment(by: bytes)
            metrics.receivedFrames.increment(by: frames)
        case .failed(let agent, let message):
            logger.error(
                "what an agent sent could not be applied", metadata: ["agent": "\(agent)", "reason": "\(message)"])
        case .acceptFailed(let message):
            logger.error("a connection could not be accepted", metadata: ["reason": "\(message)"])
        }
    }

    private func refused(_ peer: String, _ agent: String?, _ reason: String, _ message: String) {
        let suppressed: Int? = budget.withLock { budget in
            let now = NIODeadline.now()
            let elapsed = Double((now - budget.updated).nanoseconds) / 1e9
            budget.tokens = min(20, budget.tokens + elapsed * 5)
            budget.updated = now
            guard budget.tokens >= 1 else {
                budget.suppressed += 1
                return nil
            }
            budget.tokens -= 1
            defer { budget.suppressed = 0 }
            return budget.suppressed
        }
        guard let suppressed else { return }
        var metadata: Logger.Metadata = ["peer": "\(peer)", "code": "\(reason)", "reason": "\(message)"]
        if let agent { metadata["agent"] = "\(agent)" }
        if suppressed > 0 { metadata["suppressed"] = "\(suppressed)" }
        logger.warning("connection refused", metadata: metadata)
    }
}
