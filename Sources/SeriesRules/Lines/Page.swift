/// The body that comes out, as far as it is written: nothing, until it differs from the one that came in.
///
/// It writes into memory that is lent to it piece by piece, so that writing a line is two copies and no more.
@safe
struct Page {
    private var next: UnsafeMutablePointer<UInt8>?
    /// Bytes that can still be written.
    private(set) var room = 0
    private var written = 0

    /// Takes memory to write to, until `takeBack` is called.
    mutating func lend(_ memory: UnsafeMutableRawBufferPointer) {
        unsafe next = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
        room = unsafe next == nil ? 0 : memory.count
        written = 0
    }

    /// Gives the memory back.
    ///
    /// - Returns: bytes written to it.
    mutating func takeBack() -> Int {
        unsafe next = nil
        room = 0
        return written
    }

    /// Appends bytes, for which there has to be room.
    @inline(__always)
    mutating func append(_ start: UnsafePointer<UInt8>, _ count: Int) {
        guard count > 0, count <= room, let place = unsafe next else { return }
        unsafe place.update(from: start, count: count)
        unsafe next = place + count
        room &-= count
        written &+= count
    }
}
