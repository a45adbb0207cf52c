/// From which addresses a reader that has one place reads: a change is a Prometheus that moved, changing back and forth
/// is two of them under one name, who would take the scrapes from each other.
struct AddressWatch: Sendable {
    /// Milliseconds within which an address that comes back has not moved back.
    static let window: Int64 = 300_000
    /// Addresses that are remembered.
    private static let maximumCount = 8

    private var current: String?
    /// When each was last heard, milliseconds.
    private var heard: [String: Int64] = [:]

    /// A request has come.
    ///
    /// - Parameter now: milliseconds of a clock that is never set.
    /// - Returns: the other address, when two read in turns.
    mutating func conflict(of address: String, at now: Int64) -> String? {
        defer { heard[address] = now }
        guard let current, current != address else {
            current = address
            return nil
        }
        if isRecent(address, now), isRecent(current, now) { return current }
        self.current = address
        heard = heard.filter { isRecent($0.key, now) }
        let others = heard.filter { $0.key != current }
        if others.count + 1 >= Self.maximumCount, let oldest = others.min(by: { $0.value < $1.value }) {
            heard[oldest.key] = nil
        }
        return nil
    }

    private func isRecent(_ address: String, _ now: Int64) -> Bool {
        heard[address].map { now - $0 < Self.window } ?? false
    }
}
