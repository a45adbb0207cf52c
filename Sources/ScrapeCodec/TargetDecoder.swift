package import NIOCore

/// Turns the records of one target of one segment back into scrapes, without those of any other target.
///
/// Owns the target's newest body. A value: a copy is a checkpoint that goes on by itself, at the price of sixteen bytes
/// for each number of the body; what two copies have in common is kept once. Whatever it is given, it keeps no more than
/// the limits allow for one body.
package struct TargetDecoder: Sendable {
    private let limits: CodecLimits
    private var state = TargetBody.State(isBroken: true)
    /// Whether the newest scrape had no body; the one before it is kept all the same.
    private var isEmpty = true
    /// Whether somebody else keeps the list of lines.
    private var isSharing = false

    package init(limits: CodecLimits = CodecLimits()) { self.limits = limits }

    /// Decodes the target's next record; a delta must follow the one decoded before it.
    ///
    /// When it throws, only a keyframe can follow.
    ///
    /// - Parameters:
    ///   - kind: the record header's; a keyframe or a delta.
    ///   - time: the record header's, milliseconds since the Unix epoch.
    ///   - lines: the segment's dictionary, fed with every dictionary record before this one; nil when one of those is
    ///     damaged.
    package mutating func decode(
        kind: UInt8, time: Int64, payload: ByteBuffer, lines: SegmentLines?
    ) throws(ScrapeCodecError) -> ScrapeSummary {
        switch kind {
        case EncodedScrape.keyframe:
            state = TargetBody.State(version: state.version)
            isSharing = false
        case EncodedScrape.delta:
            guard !state.isBroken else {
                throw ScrapeCodecError(code: .outOfSequence, message: "a difference from a scrape that is not known")
            }
        default:
            throw ScrapeCodecError(code: .unsupported, message: "a record of kind \(kind) where a scrape was expected")
        }
        state.layout?.makeUnique()
        // Taken out, so that what is changed has one owner; what is half applied is not put back.
        var next = TargetBody.State(isBroken: true)
        swap(&next, &state)
        isEmpty = true
        let summary = try apply(payload, time: time, lines: lines, to: &next).get()
        swap(&next, &state)
        isEmpty = summary.bodyBytes == 0
        return summary
    }

    private func apply(
        _ payload: ByteBuffer, time: Int64, lines: SegmentLines?, to state: inout TargetBody.State
    ) -> Result<ScrapeSummary, ScrapeCodecError> {
        guard let lines else { return apply(payload, time: time, dictionary: nil, to: &state) }
        return lines.withDictionary { apply(payload, time: time, dictionary: $0, to: &state) }
    }

    private func apply(
        _ payload: ByteBuffer, time: Int64, dictionary: LineDictionary?, to state: inout TargetBody.State
    ) -> Result<ScrapeSummary, ScrapeCodecError> {
        if let layout = state.layout, let dictionary, layout.dictionary !== dictionary {
            return .failure(
                ScrapeCodecError(code: .outOfSequence, message: "a difference from a scrape of another dictionary"))
        }
        let work = DecodingWork(
            lines: LineDecoder(limits: limits), dictionary: dictionary, limits: limits,
            decompressor: DecompressionContext())
        do throws(ScrapeCodecError) {
            return .success(try work.decode(payload, time: time, into: &state))
        } catch {
            return .failure(error)
        }
    }

    /// The newest scrape's body, byte for byte; empty when it had none.
    package func render() throws(ScrapeCodecError) -> ByteBuffer {
        guard !isEmpty else { return ByteBuffer() }
        if let previous = state.previous { return previous }
        return try state.layout?.render(bytes: state.bytes) ?? ByteBuffer()
    }

    /// Bytes that it keeps beside the segment's dictionary.
    package var cost: Int {
        let lines = isSharing ? 0 : state.lines * MemoryLayout<LineReference>.stride
        let fields = (state.layout?.fields.count ?? 0) * MemoryLayout<FieldState>.stride
        return lines + fields + state.ownBytes + FieldModel.count * 2 + MemoryLayout<Self>.stride
    }

    /// The list of lines of its newest body, to be shared; nil when that is not kept by lines.
    package var lines: TargetLines? { state.layout.map { TargetLines(dictionary: $0.dictionary, lines: $0.lines) } }

    /// Uses a list of lines that somebody else keeps in place of an own one; false when it is not the same list.
    package mutating func share(_ lines: TargetLines) -> Bool {
        guard let layout = state.layout, lines.isSame(as: layout) else { return false }
        state.layout?.lines = lines.lines
        isSharing = true
        return true
    }
}
