/// Durations as Prometheus writes them: `1m`, `15s`, `1h30m`, `500ms`.
enum DurationText {
    static func prometheus(milliseconds: Int64) -> String {
        guard milliseconds > 0 else { return "0s" }
        var rest = milliseconds
        var text = ""
        let units: [(Int64, String, exactOnly: Bool)] = [
            (365 * 86_400_000, "y", true), (7 * 86_400_000, "w", true), (86_400_000, "d", false),
            (3_600_000, "h", false),
            (60_000, "m", false), (1_000, "s", false), (1, "ms", false),
        ]
        for (size, name, exactOnly) in units where rest >= size && (!exactOnly || rest % size == 0) {
            text += "\(rest / size)\(name)"
            rest %= size
        }
        return text
    }
}
