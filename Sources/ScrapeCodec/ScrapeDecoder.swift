package import NIOCore
import Synchronization

/// Turns record payloads back into scrapes, whoever wrote them.
///
/// Owns, for one agent's log, the dictionary of the segment that is being read and each target's newest body. What it
/// keeps is bounded by its limits. A record that is damaged, or builds on one that was not seen, is an error; the target's
/// next keyframe mends it.
package struct ScrapeDecoder {
    private let limits: CodecLimits
    private let lineDecoder: LineDecoder
    private var dictionary: LineDictionary
    /// Whether all of its lines could be read so far.
    private var isDictionaryWhole = true
    private var targets: [UInt32: Entry] = [:]
    private let decompressor = DecompressionContext()
    /// What all targets' bodies cost together.
    private var totalLines = 0
    private var totalBytes = 0

    private struct Entry {
        var body: TargetBody
        /// Where the target's last record stands.
        var position: UInt64
        /// Whether its keyframe belongs to the segment being read.
        var isCurrent = true
    }

    package init(limits: CodecLimits = CodecLimits()) {
        self.limits = limits
        lineDecoder = LineDecoder(limits: limits)
        dictionary = LineDictionary(limits: limits.dictionary)
    }

    /// A segment of the log begins. Bodies stay, and can be rendered, until their target's next keyframe.
    package mutating func beginSegment() {
        dictionary = LineDictionary(limits: limits.dictionary)
        isDictionaryWhole = true
        for (target, entry) in targets {
            // A body keeps its segment's whole dictionary. What two segments have not touched is kept as bytes instead.
            if !entry.isCurrent { settle(entry.body) }
            targets[target]?.isCurrent = false
        }
    }

    private mutating func settle(_ body: TargetBody) {
        let room = limits.totalBytes - totalBytes
        let change = body.state.withLock { state in
            let before = (state.lines, state.ownBytes)
            state.settle(room: room)
            return (state.lines - before.0, state.ownBytes - before.1)
        }
        totalLines += change.0
        totalBytes += change.1
    }

    /// The target is gone, or its reference means another.
    package mutating func forget(_ target: UInt32) {
        guard let entry = targets.removeValue(forKey: target) else { return }
        let cost = entry.body.state.withLock { ($0.lines, $0.ownBytes) }
        totalLines -= cost.0
        totalBytes -= cost.1
    }

    /// Takes in a dictionary record.
    ///
    /// When it throws, no body of lines can be decoded in this segment any more: lines would be taken for others.
    package mutating func addLines(_ payload: ByteBuffer) throws(ScrapeCodecError) {
        let wasWhole = isDictionaryWhole
        isDictionaryWhole = false
        try LineDecoder.add(payload, to: dictionary)
        isDictionaryWhole = wasWhole
    }

    /// Decodes a scrape's record.
    ///
    /// - Parameters:
    ///   - kind: the record header's; a keyframe or a delta.
    ///   - time: the record header's, milliseconds since the Unix epoch.
    ///   - position: the record's offset in the log.
    ///   - distance: back to the target's previous record in the segment.
    ///   - publish: given the scrape before any other thread can find that its predecessor is superseded. It must not
    ///     render there.
    package mutating func decode(
        kind: UInt8, target: UInt32, time: Int64, position: UInt64, distance: UInt32, payload: ByteBuffer,
        publish: (DecodedScrape) -> Void
    ) throws(ScrapeCodecError) {
        let body: TargetBody
        switch kind {
        case EncodedScrape.keyframe:
            forget(target)
            body = TargetBody()
        case EncodedScrape.delta:
            guard let entry = targets[target], entry.isCurrent, entry.position == position &- UInt64(distance) else {
                throw ScrapeCodecError(code: .outOfSequence, message: "a difference from a scrape that is not known")
            }
            body = entry.body
        default:
            throw ScrapeCodecError(code: .unsupported, message: "a record of kind \(kind) where a scrape was expected")
        }
        targets[target] = Entry(body: body, position: position)
        let work = DecodingWork(
            lines: lineDecoder, dictionary: isDictionaryWhole ? dictionary : nil, limits: limits,
            decompressor: decompressor)
        let room = (lines: limits.totalLines - totalLines, bytes: limits.totalBytes - totalBytes)
        var cost = (lines: 0, bytes: 0)
        let result = body.state.withLock { state -> Result<(Int, Int), ScrapeCodecError> in
            let before = (state.lines, state.ownBytes)
            cost = before
            do throws(ScrapeCodecError) {
                guard !state.isBroken else {
                    throw ScrapeCodecError(code: .outOfSequence, message: "a difference from a damaged scrape")
                }
                let summary = try work.decode(payload, time: time, into: &state)
                let more = (state.lines - before.0, state.ownBytes - before.1)
                guard more.0 <= room.lines, more.1 <= room.bytes else {
                    throw ScrapeCodecError(
                        code: .tooLarge, message: "the agent's bodies together are beyond what is kept of one agent")
                }
                let isEmpty = summary.bodyBytes == 0
                publish(
                    DecodedScrape(
                        summary: summary,
                        body: isEmpty ? .empty : DecodedBody(target: body, version: state.version)))
                return .success(more)
            } catch {
                // What is half applied is of no use.
                state = TargetBody.State(version: state.version &+ 1, isBroken: true)
                return .failure(error)
            }
        }
        switch result {
        case .success(let more):
            totalLines += more.0
            totalBytes += more.1
        case .failure(let error):
            targets[target] = nil
            totalLines -= cost.lines
            totalBytes -= cost.bytes
            throw error
        }
    }
}
