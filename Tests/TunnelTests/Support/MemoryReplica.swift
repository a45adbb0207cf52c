import NIOCore
import ScrapeLog
import Synchronization
import TLS

@testable import Tunnel

/// A collector's copy of one agent's log in memory, which minds every byte that arrives twice or out of order.
final class MemoryReplica: TunnelReceiver {
    struct Unavailable: Error, CustomStringConvertible {
        var description: String { "the disk of this test is full" }
    }

    struct State: Sendable {
        var bytes: [UInt64: [UInt8]] = [:]
        var held = LogRangeSet()
        /// Bytes that were held already when they arrived.
        var repeated = 0
        var isFull = false
        /// Whether what is held is acknowledged at once.
        var isDurable = true
        var connection: TunnelConnection?
        var opened: [Frame.Hello] = []
        var closed: [String] = []
        var gaps: [Frame.Gap] = []
        var clock: ClockEstimate?
        /// What arrived when.
        var arrivals: [(range: LogRange, time: NIODeadline)] = []
    }

    private let state = Mutex(State())

    func withState<Result: Sendable>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    func bytes(of epoch: UInt64) -> [UInt8] { withState { $0.bytes[epoch] ?? [] } }
    func count(of epoch: UInt64) -> Int { withState { $0.bytes[epoch]?.count ?? 0 } }
    var repeated: Int { withState(\.repeated) }
    var opened: [Frame.Hello] { withState(\.opened) }
    var closed: [String] { withState(\.closed) }
    var connection: TunnelConnection? { withState(\.connection) }

    /// Forgets the tail behind `offset`, as a collector does that lost what was not durable.
    func truncate(_ epoch: UInt64, to offset: UInt64) {
        withState { state in
            let end = UInt64(state.bytes[epoch]?.count ?? 0)
            guard offset < end else { return }
            state.bytes[epoch]?.removeLast(Int(end - offset))
            state.held.remove(LogRange(epoch: epoch, from: offset, to: end))
        }
    }

    /// Bytes that are there before any agent connects.
    func preload(_ epoch: UInt64, _ bytes: [UInt8]) {
        withState { state in
            state.bytes[epoch] = bytes
            state.held.insert(LogRange(epoch: epoch, from: 0, to: UInt64(bytes.count)))
        }
    }

    // MARK: TunnelReceiver

    func held(of epochs: Set<UInt64>) -> [LogRange] {
        withState { $0.held.ranges.filter { epochs.contains($0.epoch) } }
    }

    func opened(_ connection: TunnelConnection, hello: Frame.Hello, certificate: PeerCertificate) {
        withState { state in
            state.connection = connection
            state.opened.append(hello)
        }
    }

    func append(_ range: LogRange, bytes: ByteBuffer) throws {
        let (isFull, acknowledged) = withState { state -> (Bool, (TunnelConnection, [LogRange])?) in
            guard !state.isFull else { return (true, nil) }
            let new = state.held.missing(from: range).reduce(0) { $0 + Int($1.count) }
            state.repeated += Int(range.count) - new
            let count = state.bytes[range.epoch]?.count ?? 0
            if count < Int(range.to) {
                state.bytes[range.epoch, default: []] += [UInt8](repeating: 0, count: Int(range.to) - count)
            }
            state.bytes[range.epoch, default: []].replaceSubrange(
                Int(range.from)..<Int(range.to), with: bytes.readableBytesView)
            state.held.insert(range)
            state.arrivals.append((range, .now()))
            guard state.isDurable, let connection = state.connection else { return (false, nil) }
            return (false, (connection, state.held.ranges))
        }
        if isFull { throw Unavailable() }
        if let (connection, ranges) = acknowledged { connection.durable(ranges) }
    }

    /// When the byte before `offset` had arrived, with all before it back to `start`; nil when it has not.
    func arrival(of epoch: UInt64, from start: UInt64, to offset: UInt64) -> NIODeadline? {
        withState { state in
            guard state.held.contains(LogRange(epoch: epoch, from: start, to: offset)) else { return nil }
            return state.arrivals.last { $0.range.epoch == epoch && $0.range.from < offset && $0.range.to > start }?
                .time
        }
    }

    func read(_ range: LogRange) throws -> ByteBuffer {
        let bytes: [UInt8]? = withState { state in
            guard state.held.contains(range) else { return nil }
            return state.bytes[range.epoch].map { Array($0[Int(range.from)..<Int(range.to)]) }
        }
        guard let bytes else { throw MemoryLog.Missing() }
        return ByteBuffer(bytes: bytes)
    }

    func gap(_ gap: Frame.Gap) { withState { $0.gaps.append(gap) } }

    func clock(_ estimate: ClockEstimate) { withState { $0.clock = estimate } }

    func closed(_ connection: UInt64, reason: String) {
        withState { state in
            state.closed.append(reason)
            if state.connection?.number == connection { state.connection = nil }
        }
    }
}
