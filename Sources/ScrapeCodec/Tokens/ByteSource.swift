/// Bytes that are read one after the other.
protocol ByteSource {
    /// The byte here; 0 at the end.
    var byte: UInt8 { get }
    mutating func advance()
    /// Passes decimal digits, appends them to a number, and tells how many; it may stop at 24, or after 18 go wrong.
    mutating func digits(_ value: inout UInt64) -> Int
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

    @inline(__always)
    mutating func digits(_ value: inout UInt64) -> Int {
        var count = 0
        while byte &- 48 < 10, count < 24 {
            value = value &* 10 &+ UInt64(byte &- 48)
            count &+= 1
            advance()
        }
        return count
    }
}

/// The same without a look at the end: for where it is known to be farther than any decimal token is long.
@safe
struct FarByteCursor: ByteSource {
    /// Bytes that are looked at at most: sign, 24 digits, point, 24 digits, `e+1234`, and seven more of the last eight.
    static let distance = 80

    private(set) var place: UnsafePointer<UInt8>

    init(_ place: UnsafePointer<UInt8>) { unsafe self.place = place }

    @inline(__always)
    var byte: UInt8 { unsafe place.pointee }

    @inline(__always)
    mutating func advance() { unsafe place += 1 }

    /// Eight at a time.
    @inline(__always)
    mutating func digits(_ value: inout UInt64) -> Int {
        var total = 0
        while total < 24 {
            let word = unsafe UInt64(
                littleEndian: UnsafeRawPointer(place).loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let digits = word ^ 0x3030_3030_3030_3030
            // The highest bit of every byte that is no digit, exact up to the first.
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
            let count = others.trailingZeroBitCount &>> 3
            guard count > 0 else { break }
            value = value &* PowersOfTen.power(count) &+ Self.number(digits &<< UInt64(64 &- 8 &* count))
            total &+= count
            unsafe place += count
            guard count == 8 else { break }
        }
        return total
    }

    /// The number whose eight digits, the first one lowest, are the bytes of a word.
    @inline(__always)
    private static func number(_ digits: UInt64) -> UInt64 {
        let pairs = (digits &* 10 &+ digits &>> 8) & 0x00FF_00FF_00FF_00FF
        let fours = (pairs &* 100 &+ pairs &>> 16) & 0x0000_FFFF_0000_FFFF
        return (fours &* 10_000 &+ fours &>> 32) & 0xFFFF_FFFF
    }
}
