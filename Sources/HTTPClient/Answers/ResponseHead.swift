/// What matters of the head of an answer.
///
/// Owns copies of the few fields somebody asks for; all others were checked and passed over.
struct ResponseHead {
    var status = 0
    /// As the target worded it; may be empty.
    var reason = ""
    /// The first Content-Type; empty when there was none.
    var contentType = ""
    /// Whether the first Content-Encoding is exactly `gzip`.
    var isGzip = false
    var location: String?
    var declaredLength: Int?
    /// Whether the connection can serve another request once the answer is complete.
    var keepsConnection = true
}
