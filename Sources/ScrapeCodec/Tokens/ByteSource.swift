/// Bytes that are read one after the other.
protocol ByteSource {
    /// The byte here; 0 at the end.
    var byte: UInt8 { get }
    mutating func advance()
}

/// A place in borrowed bytes that moves forward; what it passes is looked at before the end is reached.
@safe
struct ByteCursor: ByteSource {
    private(set) var place: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>

    init(_ place: UnsafePointer<UInt8>, before end: UnsafePointer<UInt8>) {
        unsafe self.place = place
        unsafe self.end = end
    }

    @inline(__always)
    var isAtEnd: Bool { unsafe place >= end }

    @inline(__always)
    var byte: UInt8 { unsafe place < end ? place.pointee : 0 }

    @inline(__always)
    mutating func advance() { unsafe place += 1 }
}

/// The same without a look at the end: for where it is known to be farther than any decimal token is long.
@safe
struct FarByteCursor: ByteSource {
    /// Bytes that a decimal token, and the byte behind it, never exceed: sign, 19 digits, point, `e+1234`.
    static let distance = 64

    private(set) var place: UnsafePointer<UInt8>

    init(_ place: UnsafePointer<UInt8>) { unsafe self.place = place }

    @inline(__always)
    var byte: UInt8 { unsafe place.pointee }

    @inline(__always)
    mutating func advance() { unsafe place += 1 }
}
