/// How many bits a difference has, told by how many the one before had: short for as many or nearly as many.
///
/// `0` as many · `10s` one more or fewer · `110s` two · `1110s` three · `1111` and seven bits the number itself; `s` is 1
/// for more. The first bit is the lowest.
enum WidthCode {
    /// Bits and length for `width` after `last`; both are 0 … 64.
    @inline(__always)
    static func code(_ width: Int, after last: Int) -> (bits: UInt64, length: Int) {
        let step = width &- last
        if step == 0 { return (0, 1) }
        let distance = abs(step)
        guard distance < 4 else { return (0b1111 | UInt64(width) &<< 4, 11) }
        let ones: UInt64 = (1 &<< UInt64(distance)) &- 1
        return (ones | (step > 0 ? 1 : 0) &<< UInt64(distance &+ 1), distance &+ 2)
    }

    /// Reads a width; nil when it is none.
    @inline(__always)
    static func read(_ bits: inout BitReader, after last: Int) -> Int? {
        var distance = 0
        while distance < 4, bits.read(width: 1) == 1 { distance &+= 1 }
        if distance == 0 { return last }
        let width: Int
        if distance == 4 {
            width = Int(bits.read(width: 7))
        } else {
            width = bits.read(width: 1) == 1 ? last &+ distance : last &- distance
        }
        return (0...64).contains(width) ? width : nil
    }
}
