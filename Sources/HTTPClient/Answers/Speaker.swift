/// Who is at the other end of a connection: the target, or a proxy that speaks for it.
///
/// Owns the words for it.
enum Speaker {
    case target
    case proxy

    var name: String { self == .target ? "target" : "proxy" }

    /// What was said in place of a body.
    func sentence(for head: ResponseHead) -> String {
        // A proxy passes on what the target says; only 407 is its own for sure.
        let name = self == .target || head.status == 407 ? name : "target, through a proxy,"
        return "\(name) answered \(head.status)" + (head.reason.isEmpty ? "" : " \(head.reason)")
    }
}
