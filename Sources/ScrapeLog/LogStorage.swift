/// Where a log keeps its bytes.
package enum LogStorage: Sendable, Hashable {
    /// Files in this directory, which is created with mode 0700 when it does not exist.
    case directory(String)
    /// A ring in memory that never grows above this many bytes; the oldest segment goes first.
    case memory(maximumBytes: Int)

    /// A directory named after an outside name (an agent's identity) below `root`.
    ///
    /// The name is allow-listed before it gets near a file system: `[a-z0-9][a-z0-9._-]{0,62}`.
    package static func directory(named name: String, below root: String) throws(ScrapeLogError) -> LogStorage {
        let bytes = Array(name.utf8)
        let isLetterOrDigit = { (byte: UInt8) in (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) }
        guard let first = bytes.first, bytes.count <= 63, isLetterOrDigit(first),
            bytes.allSatisfy({ isLetterOrDigit($0) || $0 == 0x2E || $0 == 0x5F || $0 == 0x2D })
        else {
            throw ScrapeLogError(
                code: .invalid,
                message:
                    "not a name for a directory; expected 1 to 63 of a-z 0-9 . _ - that begin with a letter or digit",
                culprit: String(name.prefix(80)).debugDescription)
        }
        return .directory(root.hasSuffix("/") ? root + name : root + "/" + name)
    }
}
