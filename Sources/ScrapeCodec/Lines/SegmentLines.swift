package import NIOCore
import Synchronization

/// The dictionary of one log segment, for decoding single targets of it. Thread-safe.
///
/// Owns the texts; what was decoded with it keeps them. Bounded by the limits it was made with.
package final class SegmentLines: Sendable {
    private struct State {
        let dictionary: LineDictionary
        var isWhole = true
    }

    private let state: Mutex<State>

    package init(limits: CodecLimits = CodecLimits()) {
        state = Mutex(State(dictionary: LineDictionary(limits: limits.dictionary)))
    }

    /// Takes in a dictionary record of the segment; in the log's order.
    ///
    /// When it throws, no body of lines can be decoded with this any more: lines would be taken for others.
    package func add(_ payload: ByteBuffer) throws(ScrapeCodecError) {
        let result = state.withLock { state -> Result<Void, ScrapeCodecError> in
            let wasWhole = state.isWhole
            state.isWhole = false
            do throws(ScrapeCodecError) {
                try LineDecoder.add(payload, to: state.dictionary)
            } catch {
                return .failure(error)
            }
            state.isWhole = wasWhole
            return .success(())
        }
        try result.get()
    }

    /// Bytes it keeps.
    package var cost: Int { state.withLock { $0.dictionary.cost } }

    /// Calls `body` with the dictionary, which nobody adds to meanwhile; nil when it is damaged.
    func withDictionary<Value>(_ body: (LineDictionary?) -> Value) -> Value where Value: Sendable {
        state.withLock { body($0.isWhole ? $0.dictionary : nil) }
    }
}
