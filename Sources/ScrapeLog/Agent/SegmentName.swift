/// The file name of an agent's segment: `<epoch sequence>-<epoch>-<offset>.segment`, sixteen hexadecimal digits each.
///
/// The names sort in the order in which the segments were written; anything that is not exactly of this form is not ours.
struct SegmentName: Sendable, Hashable {
    static let suffix = ".segment"
    /// Larger numbers are not ours: no log gets that far, and there is room for counting on.
    static let largest: UInt64 = 1 << 62

    var epochSequence: UInt64
    var epoch: UInt64
    var start: UInt64

    init(epochSequence: UInt64, epoch: UInt64, start: UInt64) {
        self.epochSequence = epochSequence
        self.epoch = epoch
        self.start = start
    }

    init?(_ name: String) {
        guard name.hasSuffix(Self.suffix) else { return nil }
        let parts = name.dropLast(Self.suffix.count).split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, let sequence = parseHexadecimal(parts[0]), let epoch = parseHexadecimal(parts[1]),
            let start = parseHexadecimal(parts[2]), sequence <= Self.largest, start <= Self.largest
        else { return nil }
        self.init(epochSequence: sequence, epoch: epoch, start: start)
    }

    var text: String { "\(hexadecimal(epochSequence))-\(hexadecimal(epoch))-\(hexadecimal(start))\(Self.suffix)" }
}

/// The number in exactly sixteen lower-case hexadecimal digits.
func parseHexadecimal(_ text: Substring) -> UInt64? {
    guard text.utf8.count == 16,
        text.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
    else { return nil }
    return UInt64(text, radix: 16)
}
