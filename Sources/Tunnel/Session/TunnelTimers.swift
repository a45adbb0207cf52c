package import NIOCore

/// The tunnel's deadlines. The defaults are the product's; tests use shorter ones.
package struct TunnelTimers: Sendable {
    /// TCP connect, per address.
    package var connect = TimeAmount.seconds(5)
    /// From the start of the TLS handshake to its end, and the proxy's answer.
    package var handshake = TimeAmount.seconds(10)
    /// From TLS to Welcome at the agent, to Hello at the collector.
    package var welcome = TimeAmount.seconds(10)
    /// A side that sent nothing for this long pings.
    package var ping = TimeAmount.seconds(15)
    /// A side that received nothing for this long hangs up.
    package var dead = TimeAmount.seconds(45)
    /// One frame, from its first byte to its last.
    package var frame = TimeAmount.seconds(30)
    /// How long the holder of an identity has to answer when another instance claims it.
    package var contention = TimeAmount.seconds(4)
    /// The least time between two acknowledgements.
    package var acknowledge = TimeAmount.seconds(1)
    /// Welcomed time after which failures count from one again.
    package var stable = TimeAmount.seconds(30)
    package var firstBackoff = TimeAmount.seconds(1)
    package var maximumBackoff = TimeAmount.seconds(30)

    package init() {}
}
