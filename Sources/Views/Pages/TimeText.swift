import Glibc

/// Points in time as RFC 3339 in UTC.
enum TimeText {
    /// `2026-11-22T23:05:01.250Z`; Prometheus' zero time for nil and for what no calendar holds.
    static func rfc3339(milliseconds: Int64?) -> String {
        let zero = "0001-01-01T00:00:00Z"
        guard let milliseconds, milliseconds >= 0 else { return zero }
        var seconds = time_t(milliseconds / 1000)
        var parts = unsafe tm()
        guard unsafe gmtime_r(&seconds, &parts) != nil else { return zero }
        var buffer = [CChar](repeating: 0, count: 64)
        let count = unsafe strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S", &parts)
        let fraction = String(milliseconds % 1000)
        let date = String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return date + "." + String(repeating: "0", count: 3 - fraction.utf8.count) + fraction + "Z"
    }
}
