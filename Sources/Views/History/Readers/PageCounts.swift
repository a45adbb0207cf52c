/// What came of the scrapes that a page goes past.
struct PageCounts: Sendable, Hashable {
    /// On the page.
    var given = 0
    /// Left out because Prometheus would have refused the page for them.
    var rejected = 0
    /// Older than the reader's `max_age`.
    var tooOld = 0
    /// Their records could not be decoded.
    var unreadable = 0
    /// Protobuf, which cannot be on a page of text.
    var protobuf = 0
    /// Behind no time that is not after now.
    var future = 0

    var isEmpty: Bool { self == PageCounts() }
}
