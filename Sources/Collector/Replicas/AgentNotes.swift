import Glibc

/// What the collector remembers of an agent beside its replica, so that ages are right before the agent has connected
/// again. A small text file; losing it costs nothing once the agent is back.
struct AgentNotes: Equatable {
    /// Agent's clock minus ours, microseconds.
    var skew: Int64?
    /// Milliseconds since the epoch.
    var lastSeen: Int64?
    /// Unix seconds.
    var certificateNotAfter: Int64?

    init() {}

    /// Unknown lines are passed over; a file that is not there gives nothing.
    init(path: String) {
        guard let file = fopen(path, "r") else { return }
        defer { fclose(file) }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = bytes.withUnsafeMutableBytes { fread($0.baseAddress, 1, $0.count, file) }
        for line in String(decoding: bytes.prefix(count), as: UTF8.self).split(separator: "\n") {
            let parts = line.split(separator: " ")
            guard parts.count == 2, let value = Int64(parts[1]) else { continue }
            switch parts[0] {
            case "clock_skew_microseconds": skew = value
            case "last_seen_milliseconds": lastSeen = value
            case "certificate_not_after_seconds": certificateNotAfter = value
            default: break
            }
        }
    }

    /// Replaces the file in one step.
    func write(path: String) {
        var text = ""
        if let skew { text += "clock_skew_microseconds \(skew)\n" }
        if let lastSeen { text += "last_seen_milliseconds \(lastSeen)\n" }
        if let certificateNotAfter { text += "certificate_not_after_seconds \(certificateNotAfter)\n" }
        let temporary = path + ".new"
        guard let file = fopen(temporary, "w") else { return }
        let bytes = Array(text.utf8)
        let written = bytes.withUnsafeBytes { fwrite($0.baseAddress, 1, $0.count, file) }
        guard fclose(file) == 0, written == bytes.count else { return }
        rename(temporary, path)
    }
}
