import NIOCore

/// Memory that body after body uses again, as long as nobody keeps one.
///
/// Owns the buffer of the last large body; a body that its receiver still holds is left alone, and the next one gets
/// memory of its own.
struct SpareBuffer {
    private var spare = ByteBuffer()
    private let largest: Int

    /// Memory for more than this many bytes is given back at once.
    init(largest: Int) {
        self.largest = largest
    }

    /// An empty buffer of at least `capacity` bytes.
    mutating func take(_ capacity: Int, allocator: ByteBufferAllocator = ByteBufferAllocator()) -> ByteBuffer {
        // A small body in large memory would waste the rest for as long as it is kept.
        guard spare.capacity >= capacity, spare.capacity / 4 <= capacity else {
            return allocator.buffer(capacity: capacity)
        }
        var buffer = ByteBuffer()
        swap(&buffer, &spare)
        // When somebody still holds the memory this is new memory, of that size and not more.
        buffer.clear(minimumCapacity: capacity)
        return buffer
    }

    /// Keeps the memory of a buffer for the next one.
    mutating func keep(_ buffer: ByteBuffer) {
        guard buffer.capacity <= largest, buffer.capacity >= spare.capacity else { return }
        spare = buffer
    }
}
