/// Finds the key somebody probably meant.
enum Suggestion {
    /// The candidate nearest to `word`, when it is near enough to be a slip of the finger.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        guard word.utf8.count <= 64 else { return nil }
        let normal = normalized(word)
        let ranked = candidates.map { ($0, distance(normal, normalized($0))) }.min { $0.1 < $1.1 }
        guard let (candidate, distance) = ranked else { return nil }
        return distance <= max(1, min(3, candidate.utf8.count / 3)) ? candidate : nil
    }

    /// camelCase and kebab-case are the usual slips: they count as nothing.
    private static func normalized(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: "-") }
    }

    /// The optimal string alignment distance: insertions, deletions, substitutions, swaps of neighbours.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
        var before = [Int](repeating: 0, count: b.count + 1)
        var last = Array(0...b.count)
        for i in 1...a.count {
            var row = [i] + [Int](repeating: 0, count: b.count)
            for j in 1...b.count {
                row[j] = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1))
                if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
                    row[j] = min(row[j], before[j - 2] + 1)
                }
            }
            before = last
            last = row
        }
        return last[b.count]
    }
}
