import NIOCore

/// The form of the log's small state files: lines of text, the last of which is a checksum of those before it.
enum CheckedText {
    static func seal(_ lines: [String]) -> String {
        let text = lines.map { $0 + "\n" }.joined()
        return text + "crc32c \(checksum(text))\n"
    }

    /// The lines without the checksum; nil when anything is missing or changed.
    static func open(_ text: String) -> [Substring]? {
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "", let last = lines.popLast() else { return nil }
        let body = lines.map { $0 + "\n" }.joined()
        guard last == "crc32c \(checksum(body))" else { return nil }
        return lines
    }

    private static func checksum(_ text: String) -> UInt32 {
        var crc = CRC32C()
        crc.update(ByteBuffer(string: text))
        return crc.value
    }
}
