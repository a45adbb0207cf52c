import NIOCore
import TestSupport

extension SeededGenerator {
    /// A number from 0 to below `bound`.
    mutating func below(_ bound: Int) -> Int { bound < 1 ? 0 : Int(truncatingIfNeeded: (next() >> 33) % UInt64(bound)) }

    /// True once in so many times.
    mutating func once(in count: Int) -> Bool { below(count) == 0 }

    mutating func element<Element>(of elements: [Element]) -> Element { elements[below(elements.count)] }

    /// Bytes that mean something to an exposition more often than not.
    mutating func body(of count: Int) -> ByteBuffer {
        let alphabet = Array("aab_{}=\",\\ \t\n\n\r#+-.015eE\0\u{7F}HELP# TYPE NaN".utf8) + [0xFF, 0xC3]
        return ByteBuffer(bytes: (0..<count).map { _ in once(in: 20) ? UInt8(below(256)) : element(of: alphabet) })
    }

    mutating func noise(of count: Int) -> ByteBuffer { ByteBuffer(bytes: (0..<count).map { _ in UInt8(below(256)) }) }

    /// Some neighbouring lines of a body.
    mutating func lines(of body: ByteBuffer, count: Int) -> ByteBuffer {
        let bytes = body.readableBytesView
        var start = bytes.startIndex + below(bytes.count)
        start = bytes[start...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.startIndex
        var end = start
        for _ in 0..<count { end = bytes[end...].firstIndex(of: 0x0A).map { $0 + 1 } ?? bytes.endIndex }
        return ByteBuffer(bytes: bytes[start..<end])
    }

    /// A body with lines or bytes of it flipped, cut, doubled, swapped or put in.
    mutating func mutatedBody(_ body: ByteBuffer) -> ByteBuffer {
        var bytes = Array(body.readableBytesView)
        for _ in 0..<1 + below(3) where !bytes.isEmpty {
            let index = below(bytes.count)
            switch below(9) {
            case 0: bytes[index] ^= 1 << UInt8(below(8))
            case 1: bytes.removeSubrange(index...)
            case 2: bytes.insert(UInt8(below(256)), at: index)
            case 3: bytes.insert(contentsOf: bytes[index...].prefix(1 + below(40)), at: below(bytes.count))
            case 4: bytes.removeSubrange(index..<min(bytes.count, index + below(40)))
            case 5: bytes.removeAll { $0 == 0x0A && once(in: 9) }
            default: bytes = changedLines(bytes)
            }
        }
        return ByteBuffer(bytes: bytes)
    }

    private mutating func changedLines(_ bytes: [UInt8]) -> [UInt8] {
        var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false)
        let first = below(lines.count)
        let second = below(lines.count)
        switch below(4) {
        case 0: lines.swapAt(first, second)
        case 1: lines.insert(lines[first], at: second)
        case 2: lines.remove(at: first)
        default:
            let block = lines[first...].prefix(1 + below(5))
            lines.removeSubrange(first..<first + block.count)
            lines.insert(contentsOf: block, at: min(second, lines.count))
        }
        return Array(lines.joined(separator: [0x0A]))
    }
}
