/// The two questions our pages ask of a request's `Accept` headers.
enum Negotiation {
    /// Whether gzip is listed and not refused with `q=0`.
    static func acceptsGzip(_ values: [String]) -> Bool {
        items(values).contains { $0.name == "gzip" && $0.weight > 0 }
    }

    /// Whether a delimited protobuf exposition is acceptable. A request without
    /// the header, or with nothing but `*/*`, takes everything; `*/*` behind text formats is only a fallback of scrapers.
    static func accepts(_ values: [String], protobuf: Bool) -> Bool {
        let items = items(values)
        if items.allSatisfy({ $0.name == "*/*" && $0.weight > 0 }) { return true }
        return items.contains {
            $0.weight > 0 && ($0.name == "application/vnd.google.protobuf" || $0.name == "application/*")
        }
    }

    private static func items(_ values: [String]) -> [(name: String, weight: Double)] {
        values.flatMap { $0.split(separator: ",") }.map { item in
            let parts = item.split(separator: ";").map { trim($0) }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.flatMap { Double($0.dropFirst(2)) } ?? 1
            return (parts.first?.lowercased() ?? "", weight)
        }
    }

    private static func trim(_ text: Substring) -> Substring {
        text.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
    }
}
