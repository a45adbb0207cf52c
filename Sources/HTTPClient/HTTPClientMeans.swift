package import NIOCore

/// What the clients of one event loop have in common.
///
/// Owns the timer of their deadlines, the memory that is read and decompressed into, and the decompressor, none of which
/// a client needs while it waits. Confined to its event loop.
package final class HTTPClientMeans {
    let eventLoop: any EventLoop
    let budget: BodyBudget
    let deadlines: LoopTimer
    let receiveBuffer = ReceiveBuffer()
    private let gunzip = Gunzip()
    private var spare = SpareBuffer(largest: HTTPClientMeans.spareLimit)

    /// A deadline is never early, and this late at most.
    private static let deadlineGrain = TimeAmount.milliseconds(20)
    /// Memory of a body kept for the next one, at most, bytes.
    private static let spareLimit = 1 << 20

    /// Means for the clients of `eventLoop`; `budget` bounds the bodies in flight of all of them.
    package init(eventLoop: any EventLoop, budget: BodyBudget) {
        self.eventLoop = eventLoop
        self.budget = budget
        deadlines = LoopTimer(eventLoop: eventLoop, grain: Self.deadlineGrain)
    }

    /// The body inside gzip; see `Gunzip`.
    func decompress(_ body: ByteBuffer, limit: Int, expected: Int) throws(HTTPClientError) -> ByteBuffer {
        try gunzip.decompress(body, limit: limit, expected: expected, spare: &spare)
    }

    /// Memory for a body of about this size.
    func takeBody(_ capacity: Int) -> ByteBuffer { spare.take(capacity) }

    /// A body is complete: when its receiver does not keep it, its memory serves the next one.
    func keepBody(_ body: ByteBuffer) { spare.keep(body) }
}
