import Relabeling

/// The headers of a scrape, as Prometheus 3 sends them.
enum ScrapeHeaders {
    /// The headers for a target; `extra` ones replace those of the same name.
    static func headers(for target: Target, version: String, extra: [(String, String)]) -> [(String, String)] {
        let standard = [
            ("User-Agent", "Culvert/\(version)"),
            ("Accept", target.accept),
            ("Accept-Encoding", target.enableCompression ? "gzip" : "identity"),
            ("X-Prometheus-Scrape-Timeout-Seconds", seconds(target.timeout)),
        ]
        let replaced = Set(extra.map { $0.0.lowercased() })
        return standard.filter { !replaced.contains($0.0.lowercased()) } + extra
    }

    /// Milliseconds as seconds in plain decimal: `10`, `0.5`, `1.25`.
    static func seconds(_ milliseconds: Int64) -> String {
        let time = max(milliseconds, 0)
        let (whole, fraction) = time.quotientAndRemainder(dividingBy: 1000)
        guard fraction > 0 else { return "\(whole)" }
        var digits = String(fraction + 1000).dropFirst()
        while digits.last == "0" { digits.removeLast() }
        return "\(whole).\(digits)"
    }
}
