import NIOCore

/// Counts the lines of a body that are neither comments nor blank.
enum SampleCount {
    static func count(_ body: ByteBuffer) -> Int {
        var count = 0
        var isStart = true
        for byte in body.readableBytesView {
            if isStart, byte != UInt8(ascii: "#"), byte != 0x0A { count += 1 }
            isStart = byte == 0x0A
        }
        return count
    }
}
