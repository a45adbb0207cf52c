/// What a target's fields are expected to do: the probabilities of every decision that coding a field takes.
///
/// Learns with each field, on both sides in the same way; starts anew with a keyframe. 150 bytes a target.
@safe
final class FieldModel: @unchecked Sendable {
    // Where each kind of decision has its probabilities.
    /// Whether a field changed: by lane or freshness, its history, and whether the field before it did.
    static let changed = 0
    /// Whether the difference is that of the neighbour.
    static let neighbour = changed + 3 * 16
    /// Whether the difference is negative.
    static let sign = neighbour + 2 * 8
    static let count = sign + 2 * 4

    let probabilities: UnsafeMutablePointer<UInt16>

    init() {
        unsafe probabilities = .allocate(capacity: Self.count)
        reset()
    }

    /// Has learned what `other` has.
    init(copying other: FieldModel) {
        unsafe probabilities = .allocate(capacity: Self.count)
        unsafe probabilities.initialize(from: other.probabilities, count: Self.count)
    }

    deinit { unsafe probabilities.deallocate() }

    func reset() {
        unsafe probabilities.initialize(repeating: Probability.even, count: Self.count)
        // What recorded exporters do: rarely changed fields stay as they are, busy ones stay busy.
        for lane in 0..<2 {
            for history in 0..<8 {
                let busy = [0, 2, 1, 4, 1, 3, 3, 12][history]
                for didChange in 0..<2 {
                    let chance = (busy * 4 + didChange * 2 + 1) * 0x10000 / 60
                    unsafe probabilities[Self.changed + lane * 16 + history * 2 + didChange] = UInt16(
                        clamping: 0x10000 - chance)
                }
            }
        }
        for index in Self.neighbour..<Self.sign { unsafe probabilities[index] = 0xC000 }
        for index in Self.sign..<Self.count { unsafe probabilities[index] = (index - Self.sign) < 4 ? 0xE000 : 0x8000 }
    }
}
