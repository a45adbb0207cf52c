import ScrapeCodec
import ScrapeLog
import Synchronization
import Views

/// Which references mean which targets in one segment: its table, and what was announced and withdrawn behind it.
/// Thread-safe.
final class SegmentTargets: Sendable {
    /// A part of the segment in which a reference means a target.
    struct Span: Sendable, Hashable {
        var reference: UInt32
        /// Places in the segment; records that begin in it belong to the target.
        var range: Range<UInt32>
    }

    fileprivate struct State {
        var spans: [TargetID: [Span]] = [:]
        /// What each reference means at the end.
        var meanings: [UInt32: TargetID] = [:]
        /// How many changes have been taken in.
        var done = 0
    }

    /// Changes of one segment beyond these are passed over: more than any agent makes.
    private static let maximumChanges = 8 * RecordApplier.maximumTargets

    private let agent: String
    private let state = Mutex(State())

    init(agent: String) { self.agent = agent }

    /// How many changes have been taken in.
    var done: Int { state.withLock { $0.done } }

    /// Takes in the segment's changes, of which `changes` are those from the `first`th on.
    ///
    /// An announcement that makes no sense changes nothing, as where it is applied.
    ///
    /// - Throws: when the segment cannot be read now; then the rest is taken in the next time.
    func take(
        _ changes: [TargetChange], from first: Int, reading bytes: inout SegmentBytes
    ) throws(ScrapeLogError) {
        try state.withLock { (state) throws(ScrapeLogError) in
            guard state.done >= first else { return }
            for change in changes.dropFirst(state.done - first) {
                guard state.done < Self.maximumChanges else { return state.done = first + changes.count }
                if change.isWithdrawal {
                    state.done += 1
                    state.end(change.target, at: change.record.place)
                    continue
                }
                let id = try identify(change, &bytes)
                state.done += 1
                guard let id else { continue }
                guard state.meanings[change.target] != id else { continue }
                state.end(change.target, at: change.record.place)
                state.begin(change.target, id, at: change.record.place)
            }
        }
    }

    /// Which target is announced; nil when that makes no sense.
    private func identify(
        _ change: TargetChange, _ bytes: inout SegmentBytes
    ) throws(ScrapeLogError) -> TargetID? {
        do throws(ScrapeLogError) {
            // Announcements stand side by side.
            let record = try bytes.record(
                at: change.record.place, length: Int(change.record.length), ahead: 64 << 10)
            guard let announcement = try? TargetAnnouncement(decoding: record.payload) else { return nil }
            return TargetID(agent: agent, target: TargetDescription.describe(announcement).0)
        } catch {
            guard error.isOfStorage else { return nil }
            throw error
        }
    }

    /// Where in the segment a target's records are to be looked for, by place.
    func spans(of target: TargetID) -> [Span] { state.withLock { $0.spans[target] ?? [] } }

    /// All of them.
    var all: [TargetID: [Span]] { state.withLock { $0.spans } }

    /// Those that are announced at the segment's end.
    var active: Set<TargetID> { state.withLock { Set($0.meanings.values) } }

    /// What it costs in memory, about, bytes.
    var cost: Int { state.withLock { $0.spans.count * 240 } }
}

extension SegmentTargets.State {
    fileprivate mutating func end(_ reference: UInt32, at place: UInt32) {
        guard let id = meanings.removeValue(forKey: reference), var list = spans[id] else { return }
        spans[id] = nil
        for index in list.indices where list[index].reference == reference && list[index].range.upperBound == .max {
            list[index].range = list[index].range.lowerBound..<max(place, list[index].range.lowerBound)
        }
        spans[id] = list
    }

    fileprivate mutating func begin(_ reference: UInt32, _ id: TargetID, at place: UInt32) {
        guard meanings.count < RecordApplier.maximumTargets else { return }
        meanings[reference] = id
        spans[id, default: []].append(.init(reference: reference, range: place..<UInt32.max))
    }
}
