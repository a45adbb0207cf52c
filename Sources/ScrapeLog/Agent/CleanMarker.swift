/// The file `clean`: written when a log is closed in good order, removed when it is opened.
///
/// Without it, or when what it says is not what is found, a new epoch begins. Its loss costs nothing else.
struct CleanMarker: Sendable, Hashable {
    static let name = "clean"

    var epoch: UInt64
    var epochSequence: UInt64
    /// End of the log when it was closed.
    var end: UInt64

    var text: String {
        CheckedText.seal(["culvert clean 1", "\(hexadecimal(epoch)) \(epochSequence) \(end)"])
    }

    init(epoch: UInt64, epochSequence: UInt64, end: UInt64) {
        self.epoch = epoch
        self.epochSequence = epochSequence
        self.end = end
    }

    init?(_ text: String) {
        guard let lines = CheckedText.open(text), lines.count == 2, lines[0] == "culvert clean 1" else { return nil }
        let fields = lines[1].split(separator: " ")
        guard fields.count == 3, let epoch = parseHexadecimal(fields[0]), let sequence = UInt64(fields[1]),
            let end = UInt64(fields[2])
        else { return nil }
        self.init(epoch: epoch, epochSequence: sequence, end: end)
    }
}
