import NIOCore
import ScrapeLog
import Synchronization
import TestSupport

@testable import Tunnel

/// An agent's log in memory, which grows, loses its head and begins epochs as a test wants it.
final class MemoryLog: TunnelSource, Sendable {
    struct Missing: Error {}

    struct Epoch: Sendable {
        var number: UInt64
        /// The offset of the first byte that is still held.
        var start: UInt64 = 0
        var bytes: [UInt8] = []

        var end: UInt64 { start + UInt64(bytes.count) }
    }

    struct State: Sendable {
        var epochs: [Epoch]
        var acknowledged = LogRangeSet()
        var acknowledgements = 0
        var welcomes: [[LogRange]] = []
        var gaps: [Frame.Gap] = []
        /// The most bytes handed out per read.
        var chunk = Int.max
        /// Whether a collector that lacks something gets live data first.
        var isLiveFirst = false
        var liveStarts: [LiveStart] = []
        /// What is scraped in the moment in which a collector that lacks something is welcomed.
        var growthAtLiveStart: [UInt8] = []
        var confirmed: [Frame.Gap] = []
        /// Where the damage is that a collector finds.
        var damage: UInt64?
        /// What the disk does not give out; for good when it `isLost`, and not even known any more when `isForgotten`.
        var unreadable: LogRange?
        var isLost = false
        var isForgotten = false
        var logVersion = SegmentHeader.currentVersion
        /// Whether it writes an older version for a collector that wants one.
        var yields = false
        /// The epoch it began for that collector: it is given no older one.
        var firstReadable: [String: UInt64] = [:]
    }

    private let state: Mutex<State>

    init(epoch: UInt64 = 1) {
        state = Mutex(State(epochs: [Epoch(number: epoch)]))
    }

    func withState<Result: Sendable>(_ body: (inout State) -> Result) -> Result { state.withLock { body(&$0) } }

    var acknowledged: LogRangeSet { withState(\.acknowledged) }
    var welcomes: [[LogRange]] { withState(\.welcomes) }

    /// The bytes of the whole epoch, as far as it is held.
    func bytes(of epoch: UInt64) -> [UInt8] {
        withState { $0.epochs.first { $0.number == epoch }?.bytes ?? [] }
    }

    func grow(_ bytes: some Sequence<UInt8> & Sendable) {
        withState { $0.epochs[$0.epochs.count - 1].bytes += Array(bytes) }
    }

    /// Text that compresses about as well as a log does.
    func grow(by count: Int, using generator: inout SeededGenerator) {
        let name = Array("node_cpu_seconds_total{cpu=\"7\",mode=\"idle\"} ".utf8)
        var block: [UInt8] = []
        while block.count < min(count, 1 << 18) {
            block += name
            withUnsafeBytes(of: generator.next()) { block += $0 }
        }
        var bytes = Array(block.prefix(count))
        while bytes.count < count { bytes += block.prefix(count - bytes.count) }
        grow(bytes)
    }

    /// Forgets the head of the current epoch, up to `offset`.
    func drop(to offset: UInt64, reason: String = "disk_budget") {
        withState { state in
            let last = state.epochs.count - 1
            let epoch = state.epochs[last]
            guard offset > epoch.start else { return }
            state.epochs[last].bytes.removeFirst(Int(offset - epoch.start))
            state.epochs[last].start = offset
            state.gaps.append(
                Frame.Gap(
                    range: LogRange(epoch: epoch.number, from: epoch.start, to: offset), scrapes: 1, reason: reason))
        }
    }

    // MARK: TunnelSource

    func returnGaps(_ gaps: [Frame.Gap], for address: String) {
        withState { $0.gaps = gaps + $0.gaps }
    }

    func unreadable(_ range: LogRange, _ error: any Error, now: NIODeadline) -> UnreadableRange {
        withState { state in
            guard let place = state.unreadable, !state.isForgotten else { return .gone }
            let rest = LogRange(epoch: range.epoch, from: range.from, to: place.to)
            return state.isLost
                ? .abandoned(Frame.Gap(range: rest, scrapes: 0, reason: "unreadable")) : .postponed(rest)
        }
    }

    func abandonDamaged(_ range: LogRange) -> Frame.Gap? {
        guard range.from == withState(\.damage) else { return nil }
        return Frame.Gap(range: range, scrapes: 0, reason: "damaged")
    }

    var held: [LogRange] {
        withState { $0.epochs.map { LogRange(epoch: $0.number, from: $0.start, to: $0.end) } }
    }

    var logVersion: UInt16 { withState(\.logVersion) }

    func held(for address: String) -> [LogRange] {
        let first = withState { $0.firstReadable[address] ?? 0 }
        return held.filter { $0.epoch >= first }
    }

    func reads(_ address: String, versions: [UInt16]) {
        withState { state in
            guard versions.contains(SegmentHeader.currentVersion) else { return }
            state.logVersion = SegmentHeader.currentVersion
            state.firstReadable[address] = nil
        }
    }

    func refusesVersion(_ address: String) -> Bool {
        guard withState({ $0.yields && $0.logVersion == SegmentHeader.currentVersion }) else { return false }
        beginEpoch()
        withState { state in
            state.logVersion = SegmentHeader.previousVersion
            state.firstReadable[address] = state.epochs.last?.number
        }
        return true
    }

    func read(_ range: LogRange, maximum: Int, into buffer: inout ByteBuffer) throws -> Int {
        let bytes: [UInt8]? = withState { state in
            guard let epoch = state.epochs.first(where: { $0.number == range.epoch }), range.from >= epoch.start,
                range.from < epoch.end
            else { return nil }
            let from = Int(range.from - epoch.start)
            var range = range
            if let place = state.unreadable, place.epoch == range.epoch, range.from < place.to {
                range.to = min(range.to, place.from)
                guard range.count > 0 else { return nil }
            }
            let count = min(Int(range.count), maximum, state.chunk, epoch.bytes.count - from)
            return Array(epoch.bytes[from..<from + count])
        }
        guard let bytes else { throw Missing() }
        return buffer.writeBytes(bytes)
    }

    func acknowledged(by address: String, _ ranges: [LogRange]) {
        withState { state in
            for range in ranges { state.acknowledged.insert(range) }
            state.acknowledgements += 1
        }
    }

    func welcomed(by address: String, holding ranges: [LogRange]) {
        withState { $0.welcomes.append(ranges) }
    }

    func takeGaps(for address: String) -> [Frame.Gap] {
        withState { state in
            defer { state.gaps = [] }
            return state.gaps
        }
    }

    func liveStart(for address: String, lacking ranges: [LogRange]) -> LiveStart? {
        withState { state in
            guard state.isLiveFirst, let last = state.epochs.last else { return nil }
            let start = LiveStart(epoch: last.number, offset: last.end)
            state.liveStarts.append(start)
            state.epochs[state.epochs.count - 1].bytes += state.growthAtLiveStart
            return start
        }
    }

    func confirmed(_ gaps: [Frame.Gap], by address: String) {
        withState { $0.confirmed += gaps }
    }

    func beginEpoch() {
        withState { state in
            state.epochs.append(Epoch(number: (state.epochs.last?.number ?? 0) + 1))
        }
    }
}
