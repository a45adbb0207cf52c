import NIOCore
import ScrapeCodec
import ScrapeLog

/// The scrapes of one reference in one segment, decoded in any order, at least cost in their own.
///
/// Owns the decoder, which stands behind the last one decoded. A record that cannot be decoded makes those up to the next
/// keyframe unreadable.
struct RecordChain {
    let reference: UInt32
    let positions: [ScrapePosition]
    private var decoder: TargetDecoder?
    /// The one that the decoder can go on with.
    private var next = 0

    /// - Parameter checkpoint: a state to go on from, if it is one of these scrapes'.
    init(reference: UInt32, positions: [ScrapePosition], checkpoint: ReplicaCheckpoint?) {
        self.reference = reference
        self.positions = positions
        guard let checkpoint, checkpoint.reference == reference, let decoder = checkpoint.decoder else { return }
        let index = Self.partition(positions) { $0.end >= checkpoint.end }
        guard index < positions.count, positions[index].end == checkpoint.end else { return }
        self.decoder = decoder
        next = index + 1
    }

    /// The decoder's state behind the scrape decoded last.
    var state: TargetDecoder? { decoder }

    /// Decodes a scrape, and those before it that it builds on.
    mutating func decode(
        _ index: Int, reading segment: inout SegmentReader
    ) throws -> (summary: ScrapeSummary, body: ByteBuffer) {
        if decoder == nil || next != index { rewind(to: index) }
        // Should it fail, what follows fails quickly until a keyframe comes.
        var decoder = self.decoder ?? TargetDecoder()
        self.decoder = TargetDecoder()
        let first = next
        next = index + 1
        var summary: ScrapeSummary?
        for place in first...index {
            let record = try segment.record(positions[place], of: reference)
            if record.header.kind == .delta {
                let before = place > 0 ? positions[place].place &- positions[place - 1].place : 0
                guard place > 0, record.header.previous == before else {
                    throw ScrapeCodecError(
                        code: .outOfSequence, message: "a difference from a scrape that is not known")
                }
            }
            summary = try decoder.decode(
                kind: record.header.kind.rawValue, time: record.header.time, payload: record.payload,
                lines: try segment.lines(before: positions[place].place))
        }
        guard let summary else {
            throw ScrapeCodecError(code: .outOfSequence, message: "a scrape that is not there")
        }
        self.decoder = decoder
        guard ScrapePublisher.isTime(summary.timestamp), ScrapePublisher.isTime(summary.scheduled) else {
            throw ScrapeCodecError(code: .malformed, message: "a time that makes no sense", culprit: "scrape")
        }
        return (summary, try decoder.render())
    }

    /// To where decoding can begin for the sake of a scrape.
    private mutating func rewind(to index: Int) {
        let keyframe = positions[...index].lastIndex { $0.isKeyframe }
        if decoder != nil, next <= index, next > keyframe ?? -1 { return }
        decoder = nil
        next = keyframe ?? index
    }

    private static func partition(
        _ positions: [ScrapePosition], _ condition: (ScrapePosition) -> Bool
    ) -> Int {
        var low = 0
        var high = positions.count
        while low < high {
            let middle = low + (high - low) / 2
            if condition(positions[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
