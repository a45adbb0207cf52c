import NIOCore
import ScrapeLog
import Tunnel

/// What an agent's replica is made of, behind one lock: the log, what has been shown of it, and who sends.
struct ReplicaState {
    var log: ReplicaLog
    var applier: RecordApplier
    /// Where what is shown ends, in the newest epoch; a record may be half there. What arrives elsewhere is older, and
    /// is only kept.
    var newest: (epoch: UInt64, assembler: RecordAssembler)?
    var connection: TunnelConnection?
    var notes: AgentNotes
    /// What is missing and may still come.
    var expected: ExpectedBytes
    /// The disk does not take what arrives: it is shown, but neither kept nor acknowledged.
    var isFailing = false
    /// What arrived since the disk failed; nil while all is kept. Until the agent begins again where the kept part
    /// ends, nothing that follows can be kept.
    var unkept: UnkeptTail?
    /// How far the newest epoch has been shown already; what comes again before that is kept but not applied twice.
    var shown: (epoch: UInt64, offset: UInt64)?

    /// A segment that is held but has not been shown is read again up to this, bytes.
    private static let longestCatchUp: UInt64 = 64 << 20

    /// Older bytes have arrived: they may hold the newest scrape of a target that has none behind them.
    var hasOlder = false

    /// Whether nothing more is missing, so that what older bytes brought can be shown.
    var isCatchUpDue: Bool { hasOlder && expected.isComplete }

    /// What became of bytes that arrived.
    struct Shown {
        var records = 0
        /// Bytes that are older than what is shown.
        var older: UInt64 = 0
    }

    /// Applies the records in these bytes that are newer than what is shown; `arrived` is of the steady clock.
    mutating func show(_ range: LogRange, _ bytes: ByteBuffer, arrived: Int64) throws(ScrapeLogError) -> Shown {
        let isNewest = log.newestEpoch.map { $0 == range.epoch } ?? true
        guard isNewest || unkept?.epoch == range.epoch, var (assembler, new) = continuation(range, bytes) else {
            hasOlder = true
            return Shown(older: range.count)
        }
        let newCount = UInt64(new.readableBytes)
        assembler.append(new)
        new = ByteBuffer()
        var result = Shown(older: range.count - min(range.count, newCount))
        while let record = try assembler.next() {
            result.records += 1
            if let shown, shown.epoch == record.epoch, record.offset < shown.offset { continue }
            applier.apply(record, arrived: arrived)
        }
        newest = (range.epoch, assembler)
        return result
    }

    /// What goes on with a range of the newest epoch, and the bytes for it; nil when all of them are older than what is
    /// shown, or belong to something whose beginning is not here.
    private func continuation(_ range: LogRange, _ bytes: ByteBuffer) -> (RecordAssembler, ByteBuffer)? {
        if let newest, newest.epoch == range.epoch, newest.assembler.end >= range.from {
            // A hole behind what is shown is filled; what goes beyond that is new.
            guard range.to > newest.assembler.end else { return nil }
            var new = bytes
            new.moveReaderIndex(forwardBy: Int(clamping: newest.assembler.end - range.from))
            return (newest.assembler, new)
        }
        // Live data with a hole behind it.
        if range.from == 0 || bytes.beginsSegment {
            return (RecordAssembler(epoch: range.epoch, offset: range.from), bytes)
        }
        guard let segment = log.segments(behind: range.epoch, range.from - 1).first, segment.epoch == range.epoch,
            segment.start < range.from, range.from - segment.start <= Self.longestCatchUp,
            var held = try? log.readAll(LogRange(epoch: range.epoch, from: segment.start, to: range.from))
        else { return nil }
        held.writeImmutableBuffer(bytes)
        return (RecordAssembler(epoch: range.epoch, offset: segment.start), held)
    }

    /// Whether bytes lie behind some that could not be kept.
    func isBehindHole(_ range: LogRange) -> Bool {
        guard unkept?.epoch == range.epoch else { return false }
        let kept = log.ranges.last { $0.epoch == range.epoch && $0.from <= range.from }?.to ?? 0
        return range.from > kept
    }

    /// A connection begins: the agent sends what follows the kept part, whatever was shown beyond it.
    mutating func resume() {
        unkept = nil
        guard let newest else { return }
        let isKept = log.ranges.contains { $0.epoch == newest.epoch && $0.to >= newest.assembler.end }
        guard !isKept else { return }
        shown = (newest.epoch, newest.assembler.offset)
        self.newest = try? Self.end(of: log)
    }

    /// The agent says which ranges it holds, oldest first.
    mutating func heard(held: [LogRange]) {
        log.noteOrder(of: held.map(\.epoch))
        expected.said(held, settled: log.ranges, at: ReplicaLog.wallClock())
        notes.expected = expected.lines
    }

    /// The end of the newest epoch that is kept, with the bytes of a record that is half there.
    static func end(of log: ReplicaLog) throws(ScrapeLogError) -> (epoch: UInt64, assembler: RecordAssembler)? {
        guard let last = log.heldRanges.last else { return nil }
        let boundary = log.boundary(before: last.to, epoch: last.epoch)
        var assembler = RecordAssembler(epoch: last.epoch, offset: boundary)
        assembler.append(try log.readAll(LogRange(epoch: last.epoch, from: boundary, to: last.to)))
        return (last.epoch, assembler)
    }
}

extension ByteBuffer {
    /// Whether the first record in here begins a segment.
    fileprivate var beginsSegment: Bool {
        (try? RecordHeader.parse(self, at: readerIndex))??.kind == .segmentHeader
    }
}

extension RecordAssembler {
    /// Where the next bytes are expected.
    fileprivate var end: UInt64 { offset &+ UInt64(pendingBytes) }
}

extension ReplicaLog {
    /// The whole of `range`; `.notHeld` when part of it is missing.
    func readAll(_ range: LogRange) throws(ScrapeLogError) -> ByteBuffer {
        var buffer = ByteBuffer()
        var rest = range
        while rest.count > 0 {
            let count = try read(rest, maximum: Int(clamping: rest.count), into: &buffer)
            guard count > 0 else {
                throw ScrapeLogError(code: .notHeld, message: "bytes that were held are not any more")
            }
            rest.from += UInt64(count)
        }
        return buffer
    }
}
