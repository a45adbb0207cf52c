/// A place in borrowed memory that is written to; the borrower sees to it that there is room.
@safe
struct ByteOutput {
    private(set) var place: UnsafeMutablePointer<UInt8>

    init(_ place: UnsafeMutablePointer<UInt8>) { unsafe self.place = place }

    @inline(__always)
    mutating func put(_ byte: UInt8) {
        unsafe place.pointee = byte
        unsafe place += 1
    }

    /// Puts exactly `count` digits, leading zeros included.
    @inline(__always)
    mutating func put(_ number: UInt64, digits count: Int) {
        var rest = number
        var index = count
        while index > 0 {
            index &-= 1
            let quotient = rest / 10
            unsafe place[index] = 48 &+ UInt8(truncatingIfNeeded: rest &- quotient &* 10)
            rest = quotient
        }
        unsafe place += count
    }
}
