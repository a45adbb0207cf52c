/// The file `clean`: written when a log is closed in good order, removed when it is opened.
///
/// Without it, or when what it says is not what is found, a new epoch begins. Its loss costs nothing else. A directory that
/// was brought back from a copy or a snapshot has a marker too, and going on from there would give offsets that a collector
/// holds other bytes. So the marker holds only on the same start of the machine, and beside the very `lock` file that it
/// was written beside: whoever copies that changes the time of its last change, which nobody can set back.
struct CleanMarker: Sendable, Hashable {
    static let name = "clean"
    static let maximumBytes = 4096
    private static let title = "culvert clean 2"

    var epoch: UInt64
    var epochSequence: UInt64
    /// End of the log when it was closed.
    var end: UInt64
    /// When the lock file last changed, nanoseconds since the Unix epoch.
    var lockChanged: Int64
    /// Which start of the machine it was; empty when nobody knows.
    var boot: String

    var text: String {
        CheckedText.seal([
            Self.title, "\(hexadecimal(epoch)) \(epochSequence) \(end)", "lock \(lockChanged)", "boot \(boot)",
        ])
    }

    init(epoch: UInt64, epochSequence: UInt64, end: UInt64, lockChanged: Int64, boot: String) {
        self.epoch = epoch
        self.epochSequence = epochSequence
        self.end = end
        self.lockChanged = lockChanged
        self.boot = boot
    }

    init?(_ text: String) {
        guard let lines = CheckedText.open(text), lines.count == 4, lines[0] == Self.title else { return nil }
        let fields = lines[1].split(separator: " ", omittingEmptySubsequences: false)
        let lock = lines[2].split(separator: " ", omittingEmptySubsequences: false)
        let boot = lines[3].split(separator: " ", omittingEmptySubsequences: false)
        guard fields.count == 3, let epoch = parseHexadecimal(fields[0]), let sequence = UInt64(fields[1]),
            sequence <= SegmentName.largest, let end = UInt64(fields[2]), end <= SegmentName.largest, lock.count == 2,
            lock[0] == "lock",
            let changed = Int64(lock[1]), boot.count == 2, boot[0] == "boot"
        else { return nil }
        self.init(epoch: epoch, epochSequence: sequence, end: end, lockChanged: changed, boot: String(boot[1]))
    }
}
