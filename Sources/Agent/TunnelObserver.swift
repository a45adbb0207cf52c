import Logging
import NIOCore
import PrometheusInstrumentation
import Tunnel

/// Turns what a tunnel client reports into log lines and metrics. A failure that repeats is logged when its reason
/// changes and then once a minute, so that an outage does not fill the disk.
final class TunnelObserver {
    private let address: String
    private let logger: Logger
    private let metrics: AgentMetrics
    private var lastFailure: TunnelFailure?
    private var lastLogged = NIODeadline.uptimeNanoseconds(0)
    private var suppressed = 0

    init(address: String, logger: Logger, metrics: AgentMetrics) {
        self.address = address
        self.logger = logger
        self.metrics = metrics
        metrics.connected[address].set(0)
    }

    func observe(_ event: TunnelClient.Event) {
        switch event {
        case .dialling: metrics.replication.set(.dialling, collector: address)
        case .connected(let welcome):
            metrics.connected[address].set(1)
            metrics.replication.set(.connected, collector: address)
            metrics.attempts[address, "welcomed"].increment()
            lastFailure = nil
            suppressed = 0
            logger.notice(
                "connected",
                metadata: [
                    "collector": "\(address)", "name": "\(welcome.collector)", "connection": "\(welcome.connection)",
                ])
        case .ended(let failure, let wasConnected, let retryIn):
            metrics.connected[address].set(0)
            metrics.replication.set(.waiting, collector: address)
            if wasConnected {
                metrics.disconnects[address, failure.reason].increment()
            } else {
                metrics.attempts[address, "\(failure.stage.rawValue)_\(failure.reason)"].increment()
            }
            log(failure, wasConnected, retryIn)
        }
    }

    private func log(_ failure: TunnelFailure, _ wasConnected: Bool, _ retryIn: TimeAmount) {
        guard failure.reason != "stopped" else { return }
        let now = NIODeadline.now()
        if failure == lastFailure, now - lastLogged < .minutes(1) {
            suppressed += 1
            return
        }
        var metadata: Logger.Metadata = [
            "collector": "\(address)", "step": "\(failure.stage.rawValue)", "reason": "\(failure.message)",
            "retry_in": "\(retryIn.nanoseconds / 1_000_000)ms",
        ]
        if !failure.cure.isEmpty { metadata["do"] = "\(failure.cure)" }
        if suppressed > 0 { metadata["repeated"] = "\(suppressed)" }
        logger.warning(wasConnected ? "connection lost" : "not connected", metadata: metadata)
        lastFailure = failure
        lastLogged = now
        suppressed = 0
    }
}
