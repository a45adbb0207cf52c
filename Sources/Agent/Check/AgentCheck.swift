import NIOCore
import NIOPosix
import ScrapeLog
package import Settings
import TLS
import Tunnel

/// What `culvert check` finds out about an agent's way out.
package enum AgentCheck {
    /// One step of a dial.
    package struct Step: Sendable, Hashable {
        package var name: String
        package var isDone: Bool
        /// What was found, or what failed and what to do about it.
        package var detail: String

        package var line: String { "\(isDone ? "ok  " : "FAIL") \(name): \(detail)" }
    }

    /// A line for each certificate the agent shows.
    ///
    /// - Throws: `TLSError` for a file that cannot be used.
    package static func certificates(_ settings: AgentSettings, environment: [String: String]) throws -> [String] {
        _ = try JobClients(settings, environment: environment)
        return try settings.collectors.map { collector in
            let identity = try TunnelTLS.identity(collector.tlsConfig)
            let until = try TunnelTLS.context(collector.tlsConfig).ownCertificate?.notAfterText ?? "?"
            return
                "certificate for \(collector.name): \(identity.role) \(identity.name) of \(identity.trustDomain), valid until \(until)"
        }
    }

    /// Walks DNS → TCP → proxy → TLS → Welcome. Ends with the first step that fails.
    ///
    /// - Parameter wallClock: microseconds since the Unix epoch.
    package static func connect(
        _ collector: CollectorAddress, version: String, wallClock: @escaping @Sendable () -> Int64
    ) async -> [Step] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let address = TunnelAddress(collector)
        let promise = eventLoop.makePromise(of: Result<String, TunnelFailure>.self)
        let client = try? await eventLoop.submit {
            let tls = collector.tlsConfig
            var configuration = TunnelClient.Configuration(
                address: address, instance: SecureRandom.randomUInt64(), build: "culvert/\(version) check",
                makeContext: { try TunnelTLS.context(tls) }, wallClock: wallClock)
            configuration.isProbe = true
            var isAnswered = false
            let client = TunnelClient(
                configuration: configuration, eventLoop: eventLoop, source: NothingToSend(),
                compressor: RangeCompressorBox()
            ) { event in
                guard !isAnswered else { return }
                switch event {
                case .dialling: return
                case .connected(let welcome): promise.succeed(.success(welcome.collector))
                case .ended(let failure, _, _): promise.succeed(.failure(failure))
                }
                isAnswered = true
            }
            client.start()
            return NIOLoopBound(client, eventLoop: eventLoop)
        }.get()
        let result = try? await promise.futureResult.get()
        try? await eventLoop.submit { client?.value.stop() }.get()
        try? await group.shutdownGracefully()
        return steps(result ?? .failure(.init(stage: .connect, reason: "error", message: "no answer")), address)
    }

    private static func steps(_ result: Result<String, TunnelFailure>, _ address: TunnelAddress) -> [Step] {
        let names: [(TunnelFailure.Stage, String)] = [
            (.resolve, "resolve \(address.proxy?.host ?? address.host)"), (.connect, "connect"),
            (.proxy, "proxy CONNECT"),
            (.tls, "TLS"), (.welcome, "welcome"),
        ]
        var steps: [Step] = []
        for (stage, name) in names where stage != .proxy || address.proxy != nil {
            if case .failure(let failure) = result, failure.stage == stage || failure.stage == .established {
                steps.append(Step(name: name, isDone: false, detail: failure.description))
                return steps
            }
            steps.append(Step(name: name, isDone: true, detail: detail(stage, result, address)))
        }
        return steps
    }

    private static func detail(
        _ stage: TunnelFailure.Stage, _ result: Result<String, TunnelFailure>, _ address: TunnelAddress
    ) -> String {
        switch stage {
        case .resolve: "the name resolves"
        case .connect: "TCP to \(address.proxy.map { "\($0.host):\($0.port)" } ?? address.description)"
        case .proxy: "the way to \(address.description) is open"
        case .tls: "TLS 1.3, the collector's certificate is for \(address.serverName)"
        case .welcome, .established: (try? result.get()).map { "collector \($0) accepts this agent" } ?? ""
        }
    }
}

/// A log without content, for a probe.
private final class NothingToSend: TunnelSource {
    var held: [LogRange] { [] }
    /// What a collector of the release before reads as well.
    var logVersion: UInt16 { SegmentHeader.previousVersion }
    func read(_ range: LogRange, maximum: Int, into buffer: inout ByteBuffer) throws -> Int { 0 }
    func acknowledged(by address: String, _ ranges: [LogRange]) {}
    func welcomed(by address: String, holding ranges: [LogRange]) {}
    func takeGaps(for address: String) -> [Frame.Gap] { [] }
    func returnGaps(_ gaps: [Frame.Gap], for address: String) {}
    func unreadable(_ range: LogRange, _ error: any Error, now: NIODeadline) -> UnreadableRange { .gone }
    func abandonDamaged(_ range: LogRange) -> Frame.Gap? { nil }
    func beginEpoch() {}
}
