import Exposition

/// What Prometheus 3 thinks of a body.
enum Readers {
    /// Whether its parser takes it.
    static func take(_ body: [UInt8], _ format: ContentType) -> Bool {
        var page = HistoryPage(format: format, grammar: .utf8, now: 1 << 60)
        return body.withUnsafeBytes { page.add($0, milliseconds: 1) }
    }
}
