import NIOCore
import NIOPosix
import Synchronization
import TLS
import TestSupport
import Testing

@testable import Tunnel

/// A tunnel client with a log in memory on an event loop, and what happened to it, usable from any thread.
final class AgentSide: Sendable {
    enum Happening: Sendable {
        case dialling
        case connected(Frame.Welcome)
        case ended(TunnelFailure, wasConnected: Bool, retryIn: TimeAmount)
    }

    let log: MemoryLog
    private let eventLoop: any EventLoop
    private let client: NIOLoopBound<TunnelClient>
    private let happenings: Recorder

    private final class Recorder: Sendable {
        let list = Mutex<[Happening]>([])
    }

    /// - Parameter anonymous: without a certificate.
    init(
        host: String = "127.0.0.1", port: Int, serverName: String? = nil, proxy: TunnelAddress.Proxy? = nil,
        certificate: TestCertificates.Pair? = nil, anonymous: Bool = false, authority: String? = nil,
        minimum: TLSVersion = .tls13, maximum: TLSVersion? = nil, protocols: [String] = [Protocol.application],
        instance: UInt64 = 1, isProbe: Bool = false, timers: TunnelTimers = .quick, log: MemoryLog = MemoryLog(),
        wallClock: @escaping @Sendable () -> Int64 = { 1_700_000_000_000_000 }
    ) throws {
        let certificates = try #require(TestCertificates.shared)
        let own = anonymous ? nil : certificate ?? certificates.agent()
        let tls = try TLSContext(
            TLSContextConfiguration(
                role: .client, minimumVersion: minimum, maximumVersion: maximum, certificateFile: own?.certificate,
                keyFile: own?.key, certificateAuthorityFile: authority ?? certificates.authority,
                applicationProtocols: protocols))
        var configuration = TunnelClient.Configuration(
            address: TunnelAddress(host: host, port: port, serverName: serverName, proxy: proxy), instance: instance,
            build: "test", makeContext: { tls }, wallClock: wallClock)
        configuration.timers = timers
        configuration.isProbe = isProbe
        let recorder = Recorder()
        let eventLoop = MultiThreadedEventLoopGroup.singleton.any()
        self.log = log
        self.eventLoop = eventLoop
        happenings = recorder
        let ready = configuration
        client = try eventLoop.submit {
            NIOLoopBound(
                TunnelClient(
                    configuration: ready, eventLoop: eventLoop, source: log, compressor: RangeCompressorBox(),
                    onEvent: { event in
                        recorder.list.withLock { list in
                            switch event {
                            case .dialling: list.append(.dialling)
                            case .connected(let welcome): list.append(.connected(welcome))
                            case .ended(let failure, let wasConnected, let retryIn):
                                list.append(.ended(failure, wasConnected: wasConnected, retryIn: retryIn))
                            }
                        }
                    }), eventLoop: eventLoop)
        }.wait()
    }

    func start() { onLoop { $0.start() } }
    func stop() { onLoop { $0.stop() } }

    /// Appends to the log and tells the client.
    func grow(_ bytes: [UInt8]) {
        log.grow(bytes)
        onLoop { $0.logGrew() }
    }

    func logGrew() { onLoop { $0.logGrew() } }

    var history: [Happening] { happenings.list.withLock { $0 } }

    var welcomes: Int {
        history.reduce(0) { count, happening in
            if case .connected = happening { return count + 1 }
            return count
        }
    }

    var failures: [TunnelFailure] {
        history.compactMap { happening in
            if case .ended(let failure, _, _) = happening { return failure }
            return nil
        }
    }

    /// Connected now, by what the client told.
    var isWelcome: Bool {
        if case .connected? = history.last { return true }
        return false
    }

    func sentLogBytes() async throws -> UInt64 {
        try await eventLoop.submit { self.client.value.sentLogBytes }.get()
    }

    func skew() async throws -> Int64? {
        try await eventLoop.submit { self.client.value.clock.skew }.get()
    }

    private func onLoop(_ body: @escaping @Sendable (TunnelClient) -> Void) {
        eventLoop.execute { body(self.client.value) }
    }
}
