import Glibc

/// Finds the tokens of a line whose text is known to stand before them.
@safe
enum TokenScan {
    /// A token that is no decimal is looked for within so many bytes.
    private static let longestToken = 256

    /// The end of a token that is no decimal: at the next blank or line feed; nil when there is none near.
    static func end(
        _ start: UnsafePointer<UInt8>, _ limit: UnsafePointer<UInt8>
    ) -> UnsafePointer<UInt8>? {
        let bound = unsafe min(limit, start + longestToken)
        var cursor = unsafe start
        while unsafe cursor < bound {
            let byte = unsafe cursor.pointee
            if byte == 0x0A || byte == 0x20 || byte == 0x09 || byte == 0x0D {
                return unsafe cursor > start ? cursor : nil
            }
            unsafe cursor += 1
        }
        return unsafe bound == limit && cursor > start ? cursor : nil
    }

    /// Behind the line feed that ends the line, or the end of the body.
    static func lineEnd(_ start: UnsafePointer<UInt8>, _ limit: UnsafePointer<UInt8>) -> UnsafePointer<UInt8> {
        guard unsafe start < limit, let feed = unsafe memchr(start, 0x0A, limit - start) else { return unsafe limit }
        return unsafe UnsafePointer(feed.assumingMemoryBound(to: UInt8.self)) + 1
    }
}
