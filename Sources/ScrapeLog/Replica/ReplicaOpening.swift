/// What is found, and mended, when a replica is opened.
///
/// Every byte is read once and checked; the file is cut behind the last good record, so that the agent sends the rest again.
struct ReplicaOpening: Sendable {
    var epochs: [ReplicaEpoch] = []
    var repairedBytes: UInt64 = 0
    var setAside = 0

    init(_ root: LogDirectory) throws(ScrapeLogError) {
        for name in try root.names() {
            guard let (arrival, id) = ReplicaNames.parse(directory: name),
                !epochs.contains(where: { $0.epoch == id })
            else { continue }
            var epoch = ReplicaEpoch(epoch: id, arrival: arrival)
            let directory = try root.subdirectory(name)
            for name in try directory.names() {
                guard let start = ReplicaNames.parse(file: name) else { continue }
                try read(name, start: start, into: &epoch, directory)
            }
            if let text = directory.text(of: ReplicaNames.skipped, maximum: 1 << 20) { epoch.readSkipped(text) }
            if epoch.files.isEmpty, epoch.skipped.isEmpty {
                // Left by a crash between creating and writing; files that were set aside keep it alive.
                try? root.removeDirectory(epoch.name)
            } else {
                epochs.append(epoch)
            }
        }
        epochs.sort { $0.arrival < $1.arrival }
    }

    private mutating func read(
        _ name: String, start: UInt64, into epoch: inout ReplicaEpoch, _ directory: LogDirectory
    ) throws(ScrapeLogError) {
        let file: Descriptor
        let scan: SegmentScan
        var index = SegmentIndex()
        do throws(ScrapeLogError) {
            file = try directory.open(name)
            scan = try SegmentScan(file, epoch: epoch.epoch, start: start) { header, offset in
                index.add(header, at: offset &- start)
            }
        } catch {
            // A process without descriptors or memory says nothing about the file.
            guard error.code != .unavailable else { throw error }
            try setAside(name, directory)
            return
        }
        let overlaps = epoch.files.last.map { $0.end > start } ?? false
        if overlaps || scan.problem?.code == .unsupported || (scan.goodLength == 0 && scan.problem?.code == .foreign) {
            try setAside(name, directory)
            return
        }
        repairedBytes += scan.fileLength - scan.goodLength
        guard scan.goodLength > 0 else {
            try directory.remove(name)
            return
        }
        if scan.goodLength < scan.fileLength { try file.truncate(to: scan.goodLength) }
        let tail = RecordValidator(epoch: epoch.epoch, offset: start &+ scan.goodLength, startsSegment: false)
        // Durable is what a sync said, not what the page cache shows: the first sync after opening covers it all.
        epoch.files.append(
            ReplicaFile(start: start, length: scan.goodLength, arrived: scan.modified, tail: tail, index: index))
    }

    private mutating func setAside(_ name: String, _ directory: LogDirectory) throws(ScrapeLogError) {
        try directory.rename(name, to: name + ".unknown")
        setAside += 1
    }
}
