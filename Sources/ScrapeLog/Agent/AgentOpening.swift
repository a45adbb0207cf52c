/// What is found, and mended, when an agent's log directory is opened.
///
/// Every byte is read once and checked. What is no good record at the end of a file is cut off and counted; files that
/// this release cannot read, or that belong elsewhere, are renamed, never deleted. A disk that refuses the mending is no
/// reason not to start: what is no good is left where it is, and nothing is ever appended to a file that was found.
struct AgentOpening: Sendable {
    var segments: [Segment] = []
    var cursors = Cursors()
    /// Whether there should be cursors, but none can be read.
    var areCursorsLost = false
    /// Where the log goes on when it was closed in good order and nothing was lost since.
    var clean: CleanMarker?
    var lastSequence: UInt64 = 0
    var repairedBytes: UInt64 = 0
    var repairedSegments = 0
    var setAside = 0
    /// Ranges that were here and cannot be read any more, and holes between what is here.
    var losses: [LogGap] = []
    /// What is missing before the first segment of an epoch: delivered and deleted, as a rule.
    var beginnings: [LogGap] = []

    init(_ directory: LogDirectory, _ lock: DirectoryLock) throws(ScrapeLogError) {
        for text in try directory.names() {
            guard let name = SegmentName(text) else { continue }
            lastSequence = max(lastSequence, name.epochSequence)
            read(name, text, in: directory)
        }
        readMarker(in: directory, lock)
        findHoles()
        let saved = directory.text(of: Cursors.name, maximum: Cursors.maximumBytes).flatMap(Cursors.init)
        areCursorsLost = saved == nil && !(segments.isEmpty && clean == nil)
        cursors = saved ?? Cursors()
        cursors.limit(currentEpoch: clean?.epoch, end: clean?.end ?? 0, held: LogRangeSet(segments.map(\.range)))
    }

    private mutating func readMarker(in directory: LogDirectory, _ lock: DirectoryLock) {
        let text = directory.text(of: CleanMarker.name, maximum: CleanMarker.maximumBytes)
        guard let marker = text.flatMap(CleanMarker.init) else { return }
        lastSequence = max(lastSequence, marker.epochSequence)
        let end = segments.last { $0.epoch == marker.epoch }?.end
        let isCurrent = segments.last.map { $0.epochSequence <= marker.epochSequence } ?? true
        let isWhole = repairedBytes == 0 && setAside == 0 && losses.isEmpty
        let isSameDisk = marker.lockChanged == lock.changedBefore && marker.boot == directory.calls.boot
        // Acknowledged segments are deleted, so having nothing of the epoch is fine; having another end is not.
        if isCurrent, isWhole, isSameDisk, end == nil || end == marker.end { clean = marker }
    }

    /// What lies between segments of an epoch was delivered and deleted, dropped, or its file is gone. Whoever has neither
    /// acknowledged it nor been told must be told: it would wait for it for ever.
    private mutating func findHoles() {
        var ends: [UInt64: UInt64] = [:]
        for segment in segments {
            let end = ends[segment.epoch]
            if segment.start > end ?? 0 {
                let hole = LogGap(
                    range: LogRange(epoch: segment.epoch, from: end ?? 0, to: segment.start), scrapes: 0,
                    reason: "no longer in the agent's log")
                if end == nil { beginnings.append(hole) } else { losses.append(hole) }
            }
            ends[segment.epoch] = segment.end
        }
        if let clean, ends[clean.epoch] == nil, clean.end > 0 {
            let range = LogRange(epoch: clean.epoch, from: 0, to: clean.end)
            beginnings.append(LogGap(range: range, scrapes: 0, reason: "no longer in the agent's log"))
        }
    }

    private mutating func read(_ name: SegmentName, _ text: String, in directory: LogDirectory) {
        let file: Descriptor
        let scan: SegmentScan
        do throws(ScrapeLogError) {
            file = try directory.open(text)
            scan = try SegmentScan(file, epoch: name.epoch, start: name.start)
        } catch {
            // Unreadable sectors, a symbolic link: not ours to delete, and no reason not to start.
            setAside(text, in: directory, name: name, length: 0, reason: "segment could not be read")
            return
        }
        if let problem = scan.problem, problem.code == .unsupported {
            setAside(text, in: directory, name: name, length: scan.fileLength, reason: "segment of another version")
            return
        }
        let overlaps = segments.last.map { $0.epoch == name.epoch && $0.end > name.start } ?? false
        if overlaps || (scan.goodLength == 0 && scan.problem?.code == .foreign) {
            setAside(text, in: directory, name: name, length: scan.fileLength, reason: "segment of another log")
            return
        }
        if scan.goodLength < scan.fileLength {
            repairedBytes += scan.fileLength - scan.goodLength
            repairedSegments += 1
            lose(
                name, from: scan.goodLength, to: scan.fileLength,
                reason: scan.problem == nil ? "torn record" : "damaged segment")
        }
        if scan.goodLength == 0 {
            try? directory.remove(text)
            return
        }
        // A sector that cannot be read today may be readable tomorrow.
        if scan.goodLength < scan.fileLength, scan.problem?.code != .io { try? file.truncate(to: scan.goodLength) }
        segments.append(
            Segment(
                epoch: name.epoch, epochSequence: name.epochSequence, start: name.start,
                version: scan.version ?? SegmentHeader.currentVersion, length: scan.goodLength, scrapes: scan.scrapes,
                firstTime: scan.firstTime))
    }

    private mutating func setAside(
        _ text: String, in directory: LogDirectory, name: SegmentName, length: UInt64, reason: String
    ) {
        try? directory.rename(text, to: text + ".unknown")
        setAside += 1
        lose(name, from: 0, to: length, reason: reason)
    }

    private mutating func lose(_ name: SegmentName, from: UInt64, to: UInt64, reason: String) {
        let (end, overflows) = name.start.addingReportingOverflow(to)
        guard to > from, !overflows, end <= UInt64(Int64.max) else { return }
        let range = LogRange(epoch: name.epoch, from: name.start + from, to: end)
        losses.append(LogGap(range: range, scrapes: 0, reason: reason))
    }
}
