import NIOCore
import ScrapeCodec
import ScrapeLog

/// Encodes scrapes and appends them to the log, so that every segment can be decoded alone: the codec begins anew
/// wherever the log begins a segment.
///
/// Owns the codec's memory of every target, and the scrapes that were appended since the last flush: should the disk not
/// take them, they go into the epoch that follows. Confined to the agent's event loop.
struct ScrapeLogger {
    private let log: ScrapeLog
    private var encoder = ScrapeEncoder()
    /// Where what the encoder knows begins.
    private var segment: Segment?
    private let unflushed = UnflushedScrapes()

    private struct Segment: Equatable {
        var epoch: UInt64
        var start: UInt64
    }

    init(log: ScrapeLog) {
        self.log = log
        log.onScrapesLost = { [unflushed] count in unflushed.lose(count) }
    }

    /// The target is gone.
    mutating func forget(_ target: UInt32) { encoder.forget(target) }

    /// Writes what was appended, and what the disk did not take into the epoch that follows.
    mutating func flush() {
        log.flush()
        unflushed.flushed()
        guard unflushed.hasLost else { return }
        appendLost()
        log.flush()
        unflushed.flushed()
    }

    mutating func append(_ record: ScrapeRecord, target: UInt32) {
        guard !write(record, target) else { return }
        // Even compressed it is too large for the log. The attempt is recorded all the same, as what it was.
        var failed = record
        failed.outcome = ScrapeOutcome(
            code: .bodyTooLarge,
            message: "the body of \(record.body.readableBytes) bytes does not fit the agent's log")
        failed.body = ByteBuffer()
        _ = write(failed, target)
    }

    private mutating func appendLost() {
        for (record, target) in unflushed.takeLost() { append(record, target: target) }
    }

    private mutating func write(_ record: ScrapeRecord, _ target: UInt32) -> Bool {
        enter(target, bytes: 0, record.timestamp)
        // Making room may have been what showed that the disk fails: then older scrapes come first.
        if unflushed.hasLost { appendLost() }
        var scrape = encoder.encode(record, target: target)
        if max(scrape.payload.readableBytes, scrape.lines.readableBytes) > log.maximumPayload {
            // The lines are too many for one record: the body goes by itself, in a segment that knows nothing of them.
            log.sealSegment()
            enter(target, bytes: 0, record.timestamp)
            scrape = encoder.encodeWhole(record, target: target)
        }
        if enter(target, bytes: ScrapeLog.room(scrape.payload, scrape.lines), record.timestamp) {
            // What it builds on is in the segment before.
            if unflushed.hasLost { appendLost() }
            scrape = encoder.encode(record, target: target)
        }
        unflushed.add(record, target: target)
        let isDone = log.append(
            RecordKind(rawValue: scrape.kind) ?? .keyframe, target: target, time: record.timestamp,
            payload: scrape.payload, lines: scrape.lines)
        if !isDone {
            unflushed.removeLast()
            // The decoder will not see this one, nor the lines that came with it.
            if scrape.lines.readableBytes > 0 { log.sealSegment() }
            encoder.forget(target)
        }
        return isDone
    }

    /// Makes room in the log; true when that began a segment, of which the encoder knows nothing yet.
    @discardableResult
    private mutating func enter(_ target: UInt32, bytes: Int, _ time: Int64) -> Bool {
        let start = log.makeRoom(target: target, payloadBytes: bytes, time: time)
        let current = Segment(epoch: log.epoch, start: start)
        guard current != segment else { return false }
        segment = current
        encoder.beginSegment(writesCounts: log.version > SegmentHeader.previousVersion)
        return true
    }
}
