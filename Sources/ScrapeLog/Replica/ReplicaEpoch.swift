/// One epoch of an agent's log as far as it is here.
struct ReplicaEpoch: Sendable {
    let epoch: UInt64
    /// Counts the epochs in the order in which the collector met them.
    let arrival: UInt64
    /// By offset; they never overlap.
    var files: [ReplicaFile] = []
    /// What will not come (gaps) or is not wanted any more (expired).
    var skipped = LogRangeSet()

    var name: String { ReplicaNames.directory(arrival: arrival, epoch: epoch) }

    /// What needs not be sent: held or skipped.
    var settled: LogRangeSet {
        var set = skipped
        for file in files { set.insert(LogRange(epoch: epoch, from: file.start, to: file.end)) }
        return set
    }

    /// The same after a power loss.
    var durable: LogRangeSet {
        var set = skipped
        for file in files { set.insert(LogRange(epoch: epoch, from: file.start, to: file.start &+ file.durable)) }
        return set
    }

    /// The parts of a range that are not here.
    func missing(from range: LogRange) -> [LogRange] {
        guard range.count > 0 else { return [] }
        // The usual case, without building a set: the range continues the last file.
        if skipped.isEmpty, let last = files.last, last.end <= range.from { return [range] }
        return settled.missing(from: range)
    }

    /// Index of the file that ends where a range begins.
    func index(endingAt offset: UInt64) -> Int? {
        let index = files.partitioningIndex { $0.end >= offset }
        return index < files.count && files[index].end == offset ? index : nil
    }

    /// Index of the file that holds a byte.
    func index(holding offset: UInt64) -> Int? {
        let index = files.partitioningIndex { $0.end > offset }
        return index < files.count && files[index].readable <= offset ? index : nil
    }

    mutating func insert(_ file: ReplicaFile) {
        files.insert(file, at: files.partitioningIndex { $0.start > file.start })
    }

    /// The file `skipped`.
    var skippedText: String {
        CheckedText.seal(["culvert skipped 1"] + skipped.ranges(of: epoch).map { "\($0.from) \($0.to)" })
    }

    mutating func readSkipped(_ text: String) {
        guard let lines = CheckedText.open(text), lines.first == "culvert skipped 1" else { return }
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ")
            guard fields.count == 2, let from = UInt64(fields[0]), let to = UInt64(fields[1]) else { continue }
            skipped.insert(LogRange(epoch: epoch, from: from, to: to))
        }
    }
}
