import NIOCore

/// The memory that the sockets of one event loop are read into, one after the other.
///
/// Owns one buffer: what is read is parsed before the next read, so that no connection needs memory of its own. Confined
/// to its event loop.
final class ReceiveBuffer {
    private var spare = SpareBuffer(largest: BodyBudget.readSize)

    /// An empty buffer of the size of one read.
    func take() -> ByteBuffer {
        spare.take(BodyBudget.readSize)
    }

    /// Takes a buffer back when what was read into it has been parsed.
    func giveBack(_ buffer: ByteBuffer) {
        spare.keep(buffer)
    }
}
