import Exposition
import NIOCore

// The codec: bodies ⇄ compact records. A body is a list of lines; a line is text with numbers behind it. This room keeps,
// on both sides, what each target's newest body was, and turns the next one into what differs: edits of the list of
// lines, and for every number a bit that says whether it moved and, if so, by how much. What is not text of that kind is
// compressed whole. The law is that decoding gives every body back byte for byte. No I/O, no clock.

/// Turns scrapes into record payloads.
///
/// Owns the dictionary of the log's current segment and, for each target, what its last body was. A target's first
/// scrape in a segment becomes a keyframe, those after it deltas. Forget a target when a record was not written after
/// all, or the target is gone.
package struct ScrapeEncoder {
    private let limits: CodecLimits
    private let level: Int32
    private var lines: LineEncoder
    private var targets: [UInt32: State] = [:]
    private var compressor: CompressionContext?
    /// Whether the segment's format has counts of samples.
    private var writesCounts = true

    /// Shorter bodies are stored as they are.
    private static let smallestCompressed = 64

    /// What is known of one target since its keyframe.
    private final class State {
        var layout: Layout?
        var previous: ByteBuffer?
        var contentType = ""
        var counts: SampleCounts?
        var bodyBytes = 0
        /// Its text could not be stored by lines, and is not tried again in this segment.
        var isStoredWhole = false
    }

    /// - Parameter level: of zstd, for bodies that are not text.
    package init(limits: CodecLimits = CodecLimits(), level: Int32 = 1) {
        self.limits = limits
        self.level = level
        lines = LineEncoder(limits: limits)
    }

    /// A segment of the log begins: nothing encoded before can be referred to any more.
    ///
    /// - Parameter writesCounts: whether its format has counts of samples; they are left out otherwise.
    package mutating func beginSegment(writesCounts: Bool = true) {
        self.writesCounts = writesCounts
        lines.beginSegment()
        targets.removeAll(keepingCapacity: true)
    }

    /// The target's next scrape will be a keyframe.
    package mutating func forget(_ target: UInt32) { targets[target] = nil }

    /// Encodes a scrape; the record's header must have `record.timestamp` as its time.
    package mutating func encode(_ record: ScrapeRecord, target: UInt32) -> EncodedScrape {
        if let state = targets[target], let payload = encode(record, after: state) {
            return EncodedScrape(lines: lines.takeNewLines(), kind: EncodedScrape.delta, payload: payload)
        }
        var state = State()
        var payload = encode(record, after: state, isKeyframe: true)
        if payload == nil {
            state = State()
            state.isStoredWhole = true
            payload = encodeWhole(record, after: state, isKeyframe: true)
        }
        targets[target] = state
        return EncodedScrape(
            lines: lines.takeNewLines(), kind: EncodedScrape.keyframe, payload: payload ?? ByteBuffer())
    }

    /// A keyframe that needs no dictionary: for a log that has no room for the lines.
    package mutating func encodeWhole(_ record: ScrapeRecord, target: UInt32) -> EncodedScrape {
        let state = State()
        state.isStoredWhole = true
        targets[target] = state
        let payload = encodeWhole(record, after: state, isKeyframe: true)
        return EncodedScrape(lines: ByteBuffer(), kind: EncodedScrape.keyframe, payload: payload)
    }

    /// Nil when the state is of no use for this body.
    private mutating func encode(
        _ record: ScrapeRecord, after state: State, isKeyframe: Bool = false
    ) -> ByteBuffer? {
        guard record.body.readableBytes > 0 else { return encodeWhole(record, after: state, isKeyframe: isKeyframe) }
        if state.isStoredWhole { return encodeWhole(record, after: state, isKeyframe: isKeyframe) }
        let format = ContentType(record.contentType)
        guard format.hasLines else {
            return state.layout == nil ? encodeWhole(record, after: state, isKeyframe: isKeyframe) : nil
        }
        if state.layout == nil {
            let isText = unsafe record.body.withUnsafeReadableBytes { body in
                unsafe LineEncoder.looksLikeLines(body.assumingMemoryBound(to: UInt8.self), format: format)
            }
            guard isText else { return encodeWhole(record, after: state, isKeyframe: isKeyframe) }
        }
        guard state.previous == nil, state.layout?.isWasteful != true else { return nil }
        var layout: Layout
        if let known = state.layout {
            state.layout = nil
            layout = known
        } else {
            layout = Layout(dictionary: lines.dictionary, limits: limits)
        }
        var payload = ByteBuffer()
        writeHead(record, .lines, state, isKeyframe, &payload)
        let isDone = unsafe record.body.withUnsafeReadableBytes { body in
            unsafe lines.encode(
                body.assumingMemoryBound(to: UInt8.self), format: format, layout: &layout, into: &payload)
        }
        guard isDone else { return nil }
        state.layout = layout
        return payload
    }

    private mutating func encodeWhole(_ record: ScrapeRecord, after state: State, isKeyframe: Bool) -> ByteBuffer {
        var payload = ByteBuffer()
        guard record.body.readableBytes > 0 else {
            writeHead(record, .none, state, isKeyframe, &payload)
            return payload
        }
        let previous = state.previous
        let bytesBefore = state.bodyBytes
        let typeBefore = state.contentType
        let countsBefore = state.counts
        // A copy: the body may be a small part of a large buffer that others want to use again.
        state.previous = ByteBuffer(bytes: record.body.readableBytesView)
        if record.body.readableBytes >= Self.smallestCompressed {
            compressor = compressor ?? CompressionContext(level: level)
            writeHead(record, previous == nil ? .zstd : .zstdAfterPrevious, state, isKeyframe, &payload)
            let count = try? compressor?.compress(record.body, prefix: previous, into: &payload)
            if let count, count < record.body.readableBytes { return payload }
            payload.clear()
            state.bodyBytes = bytesBefore
            state.contentType = typeBefore
            state.counts = countsBefore
        }
        writeHead(record, .raw, state, isKeyframe, &payload)
        payload.writeImmutableBuffer(record.body)
        return payload
    }

    private func writeHead(
        _ record: ScrapeRecord, _ encoding: BodyEncoding, _ state: State, _ isKeyframe: Bool,
        _ payload: inout ByteBuffer
    ) {
        // Byte by byte: strings that Unicode takes for equal need not be.
        let isNews = isKeyframe || !record.contentType.utf8.elementsEqual(state.contentType.utf8)
        var contentType: String?
        if isNews {
            state.contentType = record.contentType
            contentType = ScrapeHead.clipped(record.contentType, to: ScrapeHead.maximumContentTypeBytes)
        }
        let hasCounts = writesCounts && record.counts != state.counts
        if hasCounts { state.counts = record.counts }
        ScrapeHead.write(
            record, contentType: contentType, hasCounts: hasCounts, encoding: encoding, previousBytes: state.bodyBytes,
            into: &payload)
        if encoding != .none { state.bodyBytes = record.body.readableBytes }
    }
}
