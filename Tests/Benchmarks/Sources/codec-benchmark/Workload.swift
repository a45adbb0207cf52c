import NIOCore

/// Scrapes to measure with: every target has a body for every round.
protocol Workload {
    /// For people.
    var name: String { get }
    /// Whether no two targets have the same scrape, as in life: what compression makes of copies says nothing.
    var isUnique: Bool { get }
    /// Makes ready what a round of all targets needs; not measured.
    mutating func prepare(round: Int, targets: Int)
    /// The body of a target in the round that was prepared.
    func body(target: Int) -> ByteBuffer
    /// Samples in it.
    func samples(target: Int) -> Int
}
