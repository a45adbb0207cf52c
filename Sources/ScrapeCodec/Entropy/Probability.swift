/// Probabilities of a zero bit, in 65,536ths.
enum Probability {
    /// How fast they move: by this power of two.
    static let rate: UInt16 = 5
    static let even: UInt16 = 1 << 15
}
