/// Names inside the directory of one agent's replica; anything that is not exactly of these forms is not ours.
enum ReplicaNames {
    static let skipped = "skipped"
    private static let suffix = ".segment"

    /// `<arrival sequence>-<epoch>`: at least eight decimal digits, sixteen hexadecimal ones.
    static func directory(arrival: UInt64, epoch: UInt64) -> String {
        let digits = String(arrival)
        return String(repeating: "0", count: max(0, 8 - digits.utf8.count)) + digits + "-" + hexadecimal(epoch)
    }

    static func parse(directory name: String) -> (arrival: UInt64, epoch: UInt64)? {
        let parts = name.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 2, let arrival = UInt64(parts[0]), let epoch = parseHexadecimal(parts[1]),
            directory(arrival: arrival, epoch: epoch) == name
        else { return nil }
        return (arrival, epoch)
    }

    /// `<offset>.segment`: sixteen hexadecimal digits.
    static func file(start: UInt64) -> String { hexadecimal(start) + suffix }

    static func parse(file name: String) -> UInt64? {
        guard name.hasSuffix(suffix), let start = parseHexadecimal(name.dropLast(suffix.count)),
            start <= UInt64(Int64.max)
        else { return nil }
        return start
    }
}
