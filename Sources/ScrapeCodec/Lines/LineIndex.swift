import Glibc

/// Finds a line in a dictionary by its text: an open hash table of line numbers. Four to eight bytes a line.
@safe
struct LineIndex: Sendable {
    /// Line numbers plus one; 0 is free.
    private var slots: [UInt32] = []
    private var count = 0
    /// Outsiders cannot aim at collisions.
    private let seed = UInt64.random(in: .min ... .max)

    /// The number of the line with this text and kind.
    func find(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: LineReference.Kind, hash: UInt64, in dictionary: LineDictionary
    ) -> LineReference? {
        guard !slots.isEmpty else { return nil }
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 {
            let line = dictionary.lines[Int(slots[slot] &- 1)]
            if line.length == text.count, line.kind == kind, unsafe Self.isEqual(line, text) {
                return line
            }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    private static func isEqual(_ line: LineReference, _ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = text.baseAddress else { return true }
        return unsafe memcmp(line.text, start, text.count) == 0
    }

    /// Enters the line that was added last.
    mutating func insert(_ line: LineReference, hash: UInt64, in dictionary: LineDictionary) {
        if (count &+ 1) &* 4 > slots.count &* 3 { grow(dictionary) }
        put(UInt32(line.id &>> 1) &+ 1, hash)
        count += 1
    }

    private mutating func put(_ number: UInt32, _ hash: UInt64) {
        let mask = slots.count &- 1
        var slot = Int(truncatingIfNeeded: hash) & mask
        while slots[slot] != 0 { slot = (slot &+ 1) & mask }
        slots[slot] = number
    }

    private mutating func grow(_ dictionary: LineDictionary) {
        slots = Array(repeating: 0, count: max(64, slots.count * 2))
        for (number, line) in dictionary.lines.prefix(count).enumerated() {
            unsafe put(UInt32(truncatingIfNeeded: number &+ 1), hash(line.bytes))
        }
    }

    /// Eight bytes at a time, multiplied and folded.
    func hash(_ text: UnsafeBufferPointer<UInt8>) -> UInt64 {
        var state = seed ^ UInt64(truncatingIfNeeded: text.count)
        var index = 0
        let raw = UnsafeRawBufferPointer(text)
        while index &+ 8 <= text.count {
            state = Self.mix(state, unsafe raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index &+= 8
        }
        var tail: UInt64 = 0
        while index < text.count {
            tail = unsafe tail &<< 8 | UInt64(text[index])
            index &+= 1
        }
        return Self.mix(Self.mix(state, tail), 0x9E37_79B9_7F4A_7C15)
    }

    @inline(__always)
    private static func mix(_ state: UInt64, _ word: UInt64) -> UInt64 {
        let product = (state ^ word ^ 0xA076_1D64_78BD_642F).multipliedFullWidth(by: 0xE703_7ED1_A0B4_28DB)
        return product.high ^ product.low
    }
}
