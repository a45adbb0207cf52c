import NIOCore
import Synchronization

/// A target's newest body on the decoder's side: not the bytes, but what they can be made from at any time.
///
/// Owns the layout and the values. One thread decodes into it, others render from it. Thread-safe.
final class TargetBody: Sendable {
    struct State: Sendable {
        var layout: Layout?
        /// The newest body that was stored whole.
        var previous: ByteBuffer?
        var contentType = ""
        var counts: SampleCounts?
        /// Length of the newest body that was not empty.
        var bytes = 0
        /// Counts the bodies that differ.
        var version: UInt64 = 0
        /// A record was damaged: the next keyframe begins another.
        var isBroken = false

        /// Turns the layout into the bytes it stands for, if they fit; differences cannot be applied any more.
        mutating func settle(room: Int) {
            guard let layout else { return }
            if bytes <= room, let body = try? layout.render(bytes: bytes) { previous = body } else { isBroken = true }
            self.layout = nil
        }

        /// What it costs.
        var lines: Int { layout?.lines.count ?? 0 }
        var ownBytes: Int { (layout?.ownBytes ?? 0) + (previous?.readableBytes ?? 0) }
    }

    let state = Mutex(State())

    /// The body of that version, anew each time.
    func render(_ version: UInt64) throws(ScrapeCodecError) -> ByteBuffer {
        let result = state.withLock { state -> Result<ByteBuffer, ScrapeCodecError> in
            guard state.version == version, !state.isBroken else {
                return .failure(ScrapeCodecError(code: .superseded, message: "a newer scrape has taken its place"))
            }
            if let previous = state.previous { return .success(previous) }
            guard let layout = state.layout else { return .success(ByteBuffer()) }
            do throws(ScrapeCodecError) {
                return .success(try layout.render(bytes: state.bytes))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}
