/// What is found, and mended, when an agent's log directory is opened.
///
/// Every byte is read once and checked. What is no good record at the end of a file is cut off and counted; files that
/// this release cannot read, or that belong elsewhere, are renamed, never deleted.
struct AgentOpening: Sendable {
    var segments: [Segment] = []
    var cursors = Cursors()
    /// Where the log goes on when it was closed in good order and nothing was lost since.
    var clean: CleanMarker?
    var lastSequence: UInt64 = 0
    var repairedBytes: UInt64 = 0
    var setAside = 0
    /// Ranges that were here and cannot be read any more.
    var losses: [LogGap] = []

    init(_ directory: LogDirectory) throws(ScrapeLogError) {
        for text in try directory.names() {
            guard let name = SegmentName(text) else { continue }
            lastSequence = max(lastSequence, name.epochSequence)
            try read(name, text, in: directory)
        }
        cursors = directory.text(of: Cursors.name, maximum: Cursors.maximumBytes).flatMap(Cursors.init) ?? Cursors()
        if let marker = directory.text(of: CleanMarker.name, maximum: 4096).flatMap(CleanMarker.init) {
            lastSequence = max(lastSequence, marker.epochSequence)
            let end = segments.last { $0.epoch == marker.epoch }?.end
            let isCurrent = segments.last.map { $0.epochSequence <= marker.epochSequence } ?? true
            let isWhole = repairedBytes == 0 && setAside == 0 && losses.isEmpty
            // Acknowledged segments are deleted, so having nothing of the epoch is fine; having another end is not.
            if isCurrent, isWhole, end == nil || end == marker.end { clean = marker }
        }
    }

    private mutating func read(
        _ name: SegmentName, _ text: String, in directory: LogDirectory
    ) throws(ScrapeLogError) {
        let file: Descriptor
        let scan: SegmentScan
        do throws(ScrapeLogError) {
            file = try directory.open(text)
            scan = try SegmentScan(file, epoch: name.epoch, start: name.start)
        } catch {
            // Unreadable sectors, a symbolic link: not ours to delete, and no reason not to start.
            try setAside(text, in: directory, name: name, length: 0, reason: "segment could not be read")
            return
        }
        if let problem = scan.problem, problem.code == .unsupported {
            try setAside(text, in: directory, name: name, length: scan.fileLength, reason: "segment of another version")
            return
        }
        let overlaps = segments.last.map { $0.epoch == name.epoch && $0.end > name.start } ?? false
        if overlaps || (scan.goodLength == 0 && scan.problem?.code == .foreign) {
            try setAside(text, in: directory, name: name, length: scan.fileLength, reason: "segment of another log")
            return
        }
        if scan.goodLength < scan.fileLength {
            let end = name.start &+ scan.fileLength
            repairedBytes += scan.fileLength - scan.goodLength
            losses.append(
                LogGap(
                    range: LogRange(epoch: name.epoch, from: name.start &+ scan.goodLength, to: end), scrapes: 0,
                    reason: scan.problem == nil ? "torn record" : "damaged segment"))
        }
        if scan.goodLength == 0 {
            try directory.remove(text)
            return
        }
        if scan.goodLength < scan.fileLength { try file.truncate(to: scan.goodLength) }
        segments.append(
            Segment(
                epoch: name.epoch, epochSequence: name.epochSequence, start: name.start, length: scan.goodLength,
                scrapes: scan.scrapes, firstTime: scan.firstTime))
    }

    private mutating func setAside(
        _ text: String, in directory: LogDirectory, name: SegmentName, length: UInt64, reason: String
    ) throws(ScrapeLogError) {
        try directory.rename(text, to: text + ".unknown")
        setAside += 1
        if length > 0 {
            let end = name.start &+ length
            losses.append(
                LogGap(range: LogRange(epoch: name.epoch, from: name.start, to: end), scrapes: 0, reason: reason))
        }
    }
}
