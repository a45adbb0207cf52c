import NIOCore

// What is kept for whom: cursors, deletion, gaps.
extension ScrapeLog {
    /// Names the collectors that segments are kept for; what was kept for others is forgotten.
    package func configureCollectors(_ names: [String]) {
        configuredCollectors = names
        cursors.collectors = cursors.collectors.filter { names.contains($0.key) }
        for name in names where cursors.collectors[name] == nil {
            cursors.collectors[name] = Cursors.Cursor()
            for loss in losses { cursors.note(loss, for: name) }
        }
        areCursorsStale = true
        areCursorsUrgent = true
        deleteAcknowledged()
    }

    /// Adds to what a collector holds durably; sealed segments that all configured collectors hold are deleted.
    ///
    /// Ranges this log does not know are ignored, whatever the peer says.
    package func acknowledged(by collector: String, _ ranges: [LogRange]) {
        if cursors.confirm(ranges, by: collector) { areCursorsStale = true }
        guard var cursor = cursors.collectors[collector] else { return }
        let before = cursor.acknowledged
        insert(ranges, into: &cursor)
        guard cursor.acknowledged != before else { return }
        cursors.collectors[collector] = cursor
        areCursorsStale = true
        deleteAcknowledged()
    }

    /// A Welcome arrived: what this collector acknowledged once and does not hold any more counts as not acknowledged. What
    /// it holds beyond that need not be durable yet.
    package func retainAcknowledged(by collector: String, holding ranges: [LogRange]) {
        guard let cursor = cursors.collectors[collector] else { return }
        let held = LogRangeSet(ranges)
        var kept = cursor.acknowledged
        for range in cursor.acknowledged.ranges {
            for lost in held.missing(from: range) { kept.remove(lost) }
        }
        guard kept != cursor.acknowledged else { return }
        cursors.collectors[collector]?.acknowledged = kept
        areCursorsStale = true
        areCursorsUrgent = true
    }

    /// What a collector has acknowledged of what is held, and of the current epoch, by epoch, then by offset.
    package func acknowledged(by collector: String) -> [LogRange] {
        cursors.collectors[collector]?.acknowledged.ranges ?? []
    }

    /// What is held and a collector has not acknowledged, oldest first; everything for one that is not known.
    package func unacknowledged(by collector: String) -> [LogRange] {
        let acknowledged = cursors.collectors[collector]?.acknowledged ?? LogRangeSet()
        return ranges.flatMap { acknowledged.missing(from: $0) }
    }

    private func insert(_ ranges: [LogRange], into cursor: inout Cursors.Cursor) {
        for range in ranges {
            let known = range.epoch == epoch ? end : (segments.last { $0.epoch == range.epoch }?.end ?? 0)
            let clipped = LogRange(epoch: range.epoch, from: range.from, to: min(range.to, known))
            guard clipped.count > 0, cursor.acknowledged.count < Cursors.maximumRanges else { continue }
            cursor.acknowledged.insert(clipped)
        }
    }

    /// What a collector will never get and has not been told yet, oldest first.
    ///
    /// They are remembered until it acknowledges them, and told again after a restart. When the announcement does not reach
    /// it, `returnGaps` makes that happen sooner.
    package func takeGaps(for collector: String) -> [LogGap] {
        cursors.takeGaps(for: collector)
    }

    /// Puts back gaps that could not be announced.
    package func returnGaps(_ gaps: [LogGap], for collector: String) {
        guard !gaps.isEmpty else { return }
        cursors.returnGaps(gaps, for: collector)
        areCursorsStale = true
        areCursorsUrgent = true
    }

    /// Deletes the sealed segments that nobody configured still needs.
    func deleteAcknowledged() {
        guard let names = configuredCollectors, !names.isEmpty else { return }
        let sealed = isSegmentOpen ? segments.dropLast() : segments[...]
        let done = sealed.filter { segment in
            names.allSatisfy { cursors.collectors[$0]?.acknowledged.contains(segment.range) ?? false }
        }
        guard !done.isEmpty else { return }
        remove(done.map(\.name))
    }

    /// Drops the oldest sealed segments until `length` more bytes fit the budget.
    func reclaim(for length: UInt64) {
        let wanted = UInt64(pending.readableBytes) &+ length
        let isInMemory = directory == nil || state != .normal
        var held: UInt64 = 0
        for segment in segments where (segment.memory != nil) == isInMemory { held += segment.length }
        while held &+ wanted > budget {
            let sealed = isSegmentOpen ? segments.dropLast() : segments[...]
            guard let oldest = sealed.first(where: { ($0.memory != nil) == isInMemory }) else { return }
            held -= min(held, oldest.length)
            drop(oldest)
        }
    }

    private func drop(_ segment: Segment) {
        let wanted = wantedScrapes(of: segment) { part, scrapes, name in
            self.cursors.note(
                LogGap(range: part, scrapes: scrapes, reason: "log over its maximum size"), for: name)
            self.areCursorsStale = true
            self.areCursorsUrgent = true
        }
        if let wanted {
            counters.droppedSegments += 1
            counters.droppedBytes += segment.length
            counters.droppedScrapes += UInt64(wanted)
        }
        remove([segment.name])
    }

    /// The most scrapes of a segment that one collector has not acknowledged; nil when all have all of it. `tell` gets every
    /// part that somebody lacks, how many scrapes are in it, and who lacks it.
    func wantedScrapes(of segment: Segment, tell: (LogRange, UInt32, String) -> Void) -> UInt32? {
        guard let names = configuredCollectors, !names.isEmpty else { return segment.scrapes }
        var most: UInt32?
        for name in names {
            guard let cursor = cursors.collectors[name] else { continue }
            var lacking: UInt32 = 0
            let missing = cursor.acknowledged.missing(from: segment.range)
            for part in missing {
                let isWhole = part == segment.range
                let scrapes = isWhole ? segment.scrapes : countScrapes(segment, from: part.from, to: part.to)
                lacking = UInt32(clamping: UInt64(lacking) + UInt64(scrapes))
                tell(part, scrapes, name)
            }
            if !missing.isEmpty { most = max(most ?? 0, lacking) }
        }
        return most
    }

    /// Scrapes of a segment that are not wholly before `from` and begin before `to`; those it can read.
    private func countScrapes(_ segment: Segment, from: UInt64, to: UInt64) -> UInt32 {
        var scrapes: UInt32 = 0
        var position = segment.start
        var block = ByteBuffer()
        var blockStart = position
        while position < min(to, segment.end) {
            if position < blockStart || position + UInt64(RecordHeader.size) > blockStart + UInt64(block.readableBytes)
            {
                block.clear()
                blockStart = position
                let read = try? read(segment, at: position - segment.start, maximum: 256 << 10, into: &block)
                guard let read, read >= RecordHeader.size else { break }
            }
            guard let header = try? RecordHeader.parse(block, at: block.readerIndex + Int(position - blockStart)) else {
                break
            }
            position += UInt64(header.length)
            if header.kind.isScrape, position > from { scrapes &+= 1 }
        }
        return scrapes
    }

    private func remove(_ names: [SegmentName]) {
        let names = Set(names)
        segments.removeAll { names.contains($0.name) }
        for name in cursors.collectors.keys {
            cursors.collectors[name]?.acknowledged.removeEpochs { epoch in
                epoch != self.epoch && !segments.contains { $0.epoch == epoch }
            }
        }
        guard let directory else { return }
        // First the cursors, then the files: the other way round a crash would turn what was delivered into a gap.
        areCursorsStale = true
        areCursorsUrgent = true
        saveCursors(durably: false)
        for name in names {
            let path = "\(directory.path)/\(name.text)"
            files.remove(name)
            // An open file keeps its room on the disk.
            unsynced.removeAll { $0.path == path }
            try? directory.remove(name.text)
        }
        isDirectoryUnsynced = true
    }

    func saveCursors(durably: Bool) {
        guard areCursorsStale, let directory else { return }
        passesSinceCursors = 0
        do throws(ScrapeLogError) {
            try directory.replace(Cursors.name, with: cursors.text, durably: durably)
            areCursorsStale = false
            areCursorsUrgent = false
        } catch {
            // A hint only: the next pass tries again, and until then segments stay a little longer after a start.
        }
    }
}
