import Exposition

/// Where the parts of a sample line behind its series end: offsets from the place where its value begins.
struct LineTail {
    /// Behind the value.
    var value: Int
    /// Behind the timestamp; the same as `value` when there is none.
    var time: Int
    /// Behind the line feed.
    var line: Int
    /// Whether Prometheus takes it; if not, the line has to stay.
    var isTaken: Bool

    @inline(__always)
    var hasTime: Bool { time != value }

    init(_ line: ScannedLine, isTaken: Bool) {
        let start = line.value.lowerBound
        value = line.value.upperBound - start
        time = line.timestamp.upperBound - start
        self.line = line.next - start
        self.isTaken = isTaken
    }

    /// Bytes behind the value's first that are looked at at most.
    static let reach = 128

    /// Reads what nearly all lines have: a plain decimal, `NaN` or `+Inf`, perhaps a space and a time, and a line feed.
    ///
    /// Nil for everything else, valid or not: that is for the scanner. All that is read here is a sample to the scanner,
    /// and taken by Prometheus.
    ///
    /// - Parameter start: where the value begins; `reach` bytes can be read from there.
    @inline(__always)
    init?(_ start: UnsafePointer<UInt8>, isOpenMetrics: Bool) {
        var place = unsafe start
        if unsafe place.pointee == UInt8(ascii: "-") { unsafe place += 1 }
        if unsafe Self.passDigits(&place) {
            if unsafe place.pointee == UInt8(ascii: ".") {
                unsafe place += 1
                guard unsafe Self.passDigits(&place) else { return nil }
            }
            if unsafe place.pointee | 0x20 == UInt8(ascii: "e") {
                unsafe place += 1
                if unsafe place.pointee == UInt8(ascii: "-") || place.pointee == UInt8(ascii: "+") { unsafe place += 1 }
                let digits = unsafe place
                // With more than two it may be too large a number.
                guard unsafe Self.passDigits(&place), unsafe place - digits <= 2 else { return nil }
            }
        } else if unsafe start[0] == UInt8(ascii: "N"), unsafe start[1] == UInt8(ascii: "a"),
            unsafe start[2] == UInt8(ascii: "N")
        {
            unsafe place = start + 3
        } else if unsafe start[0] == UInt8(ascii: "+"), unsafe start[1] == UInt8(ascii: "I"),
            unsafe start[2] == UInt8(ascii: "n"), unsafe start[3] == UInt8(ascii: "f")
        {
            unsafe place = start + 4
        } else {
            return nil
        }
        value = unsafe place - start
        time = value
        isTaken = true
        if unsafe place.pointee == 0x20 {
            unsafe place += 1
            let digits = unsafe place
            // In text a time has to fit into 64 bits.
            guard unsafe Self.passDigits(&place), unsafe place - digits <= 18 else { return nil }
            if isOpenMetrics, unsafe place.pointee == UInt8(ascii: ".") {
                unsafe place += 1
                guard unsafe Self.passDigits(&place) else { return nil }
            }
            time = unsafe place - start
        }
        guard unsafe place.pointee == 0x0A else { return nil }
        line = unsafe place - start + 1
    }

    /// Passes digits, eight at a time and 24 at most; false when there is none.
    @inline(__always)
    private static func passDigits(_ place: inout UnsafePointer<UInt8>) -> Bool {
        var total = 0
        while total < 24 {
            let word = unsafe UInt64(
                littleEndian: UnsafeRawPointer(place).loadUnaligned(fromByteOffset: 0, as: UInt64.self))
            let digits = word ^ 0x3030_3030_3030_3030
            // The highest bit of every byte that is no digit, exact up to the first.
            let others = ((digits &+ 0x7676_7676_7676_7676) | digits) & 0x8080_8080_8080_8080
            let count = others.trailingZeroBitCount &>> 3
            total &+= count
            unsafe place += count
            guard count == 8 else { break }
        }
        return total > 0
    }
}
