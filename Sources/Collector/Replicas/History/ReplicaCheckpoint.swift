import ScrapeCodec
import Synchronization
import Views

/// The decoder's state behind one scrape of a target. Thread-safe.
///
/// Owns sixteen bytes for each number of the body, and the list of lines where no other checkpoint shares it. Empties
/// itself when its segment's dictionary goes.
final class ReplicaCheckpoint: HistoryCheckpoint {
    /// Of its segment; it must be the same object for the decoder to go on.
    private weak let dictionary: SegmentDictionary?
    /// What the target is called in the segment.
    let reference: UInt32
    /// Behind the scrape's record, from the segment's first byte.
    let end: UInt64
    private let state: Mutex<TargetDecoder?>

    init(_ dictionary: SegmentDictionary, reference: UInt32, end: UInt64, decoder: TargetDecoder) {
        self.dictionary = dictionary
        self.reference = reference
        self.end = end
        state = Mutex(decoder)
    }

    func rests(on dictionary: SegmentDictionary) -> Bool { self.dictionary === dictionary }

    /// A copy to go on with; nil when it was emptied.
    var decoder: TargetDecoder? { state.withLock { $0 } }

    var cost: Int { state.withLock { $0?.cost ?? 0 } }

    func clear() { state.withLock { $0 = nil } }
}
