import NIOCore

/// Lends a channel the `ReceiveBuffer` of its event loop for each read.
///
/// Owns nothing but the way to it. NIO keeps the first buffer an allocator made for a channel as long as the channel
/// lives, whatever it says: that one is small, and of its own.
struct ReceiveAllocator: RecvByteBufferAllocator {
    private let source: NIOLoopBound<ReceiveBuffer>
    private var isFirst = true

    private static let firstSize = 128

    init(_ source: ReceiveBuffer, eventLoop: any EventLoop) {
        self.source = NIOLoopBound(source, eventLoop: eventLoop)
    }

    func buffer(allocator: ByteBufferAllocator) -> ByteBuffer {
        isFirst ? allocator.buffer(capacity: Self.firstSize) : source.value.take()
    }

    /// No hint: NIO then asks for a buffer at every read.
    func nextBufferSize() -> Int? { nil }

    /// "May grow", always: else the small first one would be used for ever.
    mutating func record(actualReadBytes: Int) -> Bool {
        isFirst = false
        return true
    }
}
