/// A piece of memory that holds the texts of lines; freed with the last dictionary that has lines in it.
@safe
final class LineChunk: @unchecked Sendable {
    let start: UnsafeMutablePointer<UInt8>

    init(capacity: Int) { unsafe start = .allocate(capacity: capacity) }

    deinit { unsafe start.deallocate() }
}
