package import NIOCore
package import ScrapeLog

/// A handle on one welcomed connection at the collector, usable from any thread.
package final class TunnelConnection: Sendable {
    package let number: UInt64
    package let agent: String
    package let peer: String
    package let instance: UInt64
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<CollectorTunnelHandler>

    init(
        number: UInt64, agent: String, peer: String, instance: UInt64, eventLoop: any EventLoop,
        handler: CollectorTunnelHandler
    ) {
        self.number = number
        self.agent = agent
        self.peer = peer
        self.instance = instance
        self.eventLoop = eventLoop
        self.handler = NIOLoopBound(handler, eventLoop: eventLoop)
    }

    /// These ranges are durable; acknowledges them, at most once a second.
    package func durable(_ ranges: [LogRange]) {
        eventLoop.execute { self.handler.value.durable(ranges) }
    }

    /// Tells the agent to go, and closes.
    package func goAway(_ code: GoAwayCode, reconnect: TimeAmount, message: String) {
        eventLoop.execute { self.handler.value.goAway(code, reconnect: reconnect, message: message) }
    }

    /// Tells the agent to go; done when the connection is closed.
    func dismiss(_ code: GoAwayCode, reconnect: TimeAmount, message: String) -> EventLoopFuture<Void> {
        eventLoop.flatSubmit {
            self.handler.value.goAway(code, reconnect: reconnect, message: message)
            return self.handler.value.closed
        }
    }

    /// The agent's answer to one request for checksums of at most 64 ranges.
    func checksums(of ranges: [LogRange], within limit: TimeAmount) async throws -> Frame.Checksums {
        try await eventLoop.flatSubmit { self.handler.value.checksums(of: ranges, within: limit) }.get()
    }

    /// Whether the agent gives a sign of life within `limit`. Ends at once when the connection does.
    func probe(within limit: TimeAmount) -> EventLoopFuture<Bool> {
        eventLoop.flatSubmit { self.handler.value.probe(within: limit) }
    }
}
