import ScrapeCodec
import ScrapeLog
import Synchronization

/// The dictionary of one segment, as far as it was needed so far, and the checkpoints that rest on it. Thread-safe.
final class SegmentDictionary: Sendable {
    private struct State {
        var lines = SegmentLines()
        /// How many dictionary records have been taken in.
        var done = 0
        /// The first one that could not be.
        var damage: UInt32?
        var checkpoints: [WeakCheckpoint] = []
        /// The list of lines of each reference, shared by all its checkpoints.
        var targets: [UInt32: TargetLines] = [:]
        var targetCost = 0
        var isGivenUp = false
    }

    private struct WeakCheckpoint {
        weak var value: ReplicaCheckpoint?
    }

    private let state = Mutex(State())

    /// How many dictionary records have been taken in.
    var done: Int { state.withLock { $0.done } }

    /// What it costs in memory, bytes, without the checkpoints.
    var cost: Int { state.withLock { $0.lines.cost + $0.targetCost } }

    /// The dictionary with every record that stands before a place; nil when one of those is damaged.
    ///
    /// - Parameters:
    ///   - records: the segment's dictionary records from the `first`th on.
    ///   - bytes: of the segment.
    /// - Throws: when the segment cannot be read now; then the rest is taken in the next time.
    func lines(
        before place: UInt32, _ records: [RecordPlace], from first: Int, reading bytes: inout SegmentBytes
    ) throws(ScrapeLogError) -> SegmentLines? {
        try state.withLock { (state) throws(ScrapeLogError) in
            while state.done >= first, state.done - first < records.count, records[state.done - first].place < place {
                let record = records[state.done - first]
                if state.damage == nil, try !take(record, into: &state.lines, &bytes) { state.damage = record.place }
                state.done += 1
            }
            if let damage = state.damage, damage < place { return nil }
            return state.lines
        }
    }

    /// Whether a record could be taken in.
    private func take(
        _ record: RecordPlace, into lines: inout SegmentLines, _ bytes: inout SegmentBytes
    ) throws(ScrapeLogError) -> Bool {
        let read: LogRecord
        do throws(ScrapeLogError) {
            // At a segment's beginning there is little else.
            read = try bytes.record(at: record.place, length: Int(record.length), ahead: 256 << 10)
        } catch {
            guard error.isOfStorage else { return false }
            throw error
        }
        return (try? lines.add(read.payload)) != nil
    }

    /// Lets a decoder share the list of lines with all others of its reference, when it is the same.
    func share(_ decoder: inout TargetDecoder, reference: UInt32) {
        let known = state.withLock { $0.targets[reference] }
        if let known, decoder.share(known) { return }
        guard let lines = decoder.lines else { return }
        state.withLock { state in
            let before = state.targets.updateValue(lines, forKey: reference)
            state.targetCost += lines.cost - (before?.cost ?? 0)
        }
        _ = decoder.share(lines)
    }

    /// A checkpoint rests on this dictionary: when that goes, so does what it keeps.
    func note(_ checkpoint: ReplicaCheckpoint) {
        let isKept = state.withLock { state in
            guard !state.isGivenUp else { return false }
            if state.checkpoints.count & 63 == 63 { state.checkpoints.removeAll { $0.value == nil } }
            state.checkpoints.append(WeakCheckpoint(value: checkpoint))
            return true
        }
        if !isKept { checkpoint.clear() }
    }

    /// Nobody but who uses it just now keeps it any longer: its memory is free then. What is in it is found again when it
    /// is needed.
    func giveUp() {
        let checkpoints = state.withLock { state in
            defer { state.checkpoints = [] }
            state.isGivenUp = true
            return state.checkpoints
        }
        for checkpoint in checkpoints { checkpoint.value?.clear() }
    }
}
