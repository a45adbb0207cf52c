/// What the collector remembers of an agent beside its replica, so that ages are right before the agent has connected
/// again. A few lines of text; losing them costs nothing once the agent is back.
struct AgentNotes: Equatable {
    /// Agent's clock minus ours, microseconds.
    var skew: Int64?
    /// Milliseconds since the epoch.
    var lastSeen: Int64?
    /// Unix seconds.
    var certificateNotAfter: Int64?
    /// What the agent held and had not sent, a line for each range; nil when it never said.
    var expected: [String]?

    /// Unknown lines are passed over.
    init(_ text: String) {
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.first == "expected" { expected = (expected ?? []) + [String(line)] }
            guard parts.count == 2, let value = Int64(parts[1]) else { continue }
            switch parts[0] {
            case "clock_skew_microseconds": skew = value
            case "last_seen_milliseconds": lastSeen = value
            case "certificate_not_after_seconds": certificateNotAfter = value
            default: break
            }
        }
    }

    var text: String {
        var text = ""
        if let skew { text += "clock_skew_microseconds \(skew)\n" }
        if let lastSeen { text += "last_seen_milliseconds \(lastSeen)\n" }
        if let certificateNotAfter { text += "certificate_not_after_seconds \(certificateNotAfter)\n" }
        for line in expected ?? [] { text += line + "\n" }
        return text
    }
}
