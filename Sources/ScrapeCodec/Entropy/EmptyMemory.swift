/// A place to point at when there are no bytes.
enum EmptyMemory {
    nonisolated(unsafe) static let start = unsafe UnsafePointer(UnsafeMutablePointer<UInt8>.allocate(capacity: 1))
}
