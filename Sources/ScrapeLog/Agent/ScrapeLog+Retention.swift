import NIOCore

// What is kept for whom: cursors, deletion, gaps.
extension ScrapeLog {
    /// Names the collectors that segments are kept for; what was kept for others is forgotten.
    package func configureCollectors(_ names: [String]) {
        configuredCollectors = names
        cursors.collectors = cursors.collectors.filter { names.contains($0.key) }
        for name in names where cursors.collectors[name] == nil {
            cursors.collectors[name] = Cursors.Cursor()
            for loss in losses { noteGap(loss, for: name) }
        }
        areCursorsStale = true
        areCursorsUrgent = true
        deleteAcknowledged()
    }

    /// Adds to what a collector holds durably; sealed segments that all configured collectors hold are deleted.
    ///
    /// Ranges this log does not know are ignored, whatever the peer says.
    package func acknowledged(by collector: String, _ ranges: [LogRange]) {
        guard var cursor = cursors.collectors[collector] else { return }
        let before = cursor.acknowledged
        insert(ranges, into: &cursor)
        guard cursor.acknowledged != before else { return }
        cursors.collectors[collector] = cursor
        areCursorsStale = true
        deleteAcknowledged()
    }

    /// Replaces what a collector holds by what its Welcome says, which may be less than it once acknowledged.
    package func replaceAcknowledged(by collector: String, _ ranges: [LogRange]) {
        guard var cursor = cursors.collectors[collector] else { return }
        cursor.acknowledged = LogRangeSet()
        insert(ranges, into: &cursor)
        cursors.collectors[collector] = cursor
        areCursorsStale = true
        areCursorsUrgent = true
        deleteAcknowledged()
    }

    private func insert(_ ranges: [LogRange], into cursor: inout Cursors.Cursor) {
        for range in ranges {
            let known = range.epoch == epoch ? end : (segments.last { $0.epoch == range.epoch }?.end ?? 0)
            let clipped = LogRange(epoch: range.epoch, from: range.from, to: min(range.to, known))
            guard clipped.count > 0, cursor.acknowledged.count < Cursors.maximumRanges else { continue }
            cursor.acknowledged.insert(clipped)
        }
    }

    /// What a collector will never get and has not been told yet, oldest first; forgotten once taken.
    ///
    /// When the announcement does not reach it, `returnGaps` puts them back.
    package func takeGaps(for collector: String) -> [LogGap] {
        guard let gaps = cursors.collectors[collector]?.gaps, !gaps.isEmpty else { return [] }
        cursors.collectors[collector]?.gaps = []
        areCursorsStale = true
        areCursorsUrgent = true
        return gaps
    }

    /// Puts back gaps that could not be announced.
    package func returnGaps(_ gaps: [LogGap], for collector: String) {
        guard let present = cursors.collectors[collector]?.gaps, !gaps.isEmpty else { return }
        cursors.collectors[collector]?.gaps = []
        for gap in gaps + present { noteGap(gap, for: collector) }
    }

    func noteGap(_ gap: LogGap, for collector: String) {
        guard var cursor = cursors.collectors[collector] else { return }
        for part in cursor.acknowledged.missing(from: gap.range) {
            var gap = gap
            gap.range = part
            Cursors.note(gap, in: &cursor)
        }
        cursors.collectors[collector] = cursor
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
        var isWanted = configuredCollectors?.isEmpty ?? true
        for name in configuredCollectors ?? [] {
            guard let cursor = cursors.collectors[name] else { continue }
            let missing = cursor.acknowledged.missing(from: segment.range)
            if missing.isEmpty { continue }
            isWanted = true
            for part in missing {
                let scrapes =
                    part == segment.range ? segment.scrapes : countScrapes(segment, from: part.from, to: part.to)
                noteGap(LogGap(range: part, scrapes: scrapes, reason: "log over its maximum size"), for: name)
            }
        }
        if isWanted {
            counters.droppedSegments += 1
            counters.droppedBytes += segment.length
        }
        remove([segment.name])
    }

    /// Scrapes of a segment that are not wholly before `from` and begin before `to`; 0 when it cannot be read.
    private func countScrapes(_ segment: Segment, from: UInt64, to: UInt64) -> UInt32 {
        var scrapes: UInt32 = 0
        var position: UInt64 = 0
        var buffer = ByteBuffer()
        while segment.start + position < min(to, segment.end) {
            buffer.clear()
            guard (try? read(segment, at: position, maximum: RecordHeader.size, into: &buffer)) == RecordHeader.size,
                let header = try? RecordHeader.parse(buffer, at: 0)
            else { break }
            position += UInt64(header.length)
            if header.kind.isScrape, segment.start + position > from { scrapes &+= 1 }
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
            files.remove(name)
            try? directory.remove(name.text)
        }
        isDirectoryUnsynced = true
    }

    func saveCursors(durably: Bool) {
        guard areCursorsStale, let directory else { return }
        areCursorsStale = false
        areCursorsUrgent = false
        passesSinceCursors = 0
        // A hint only: when the disk is full, segments stay a little longer after the next start.
        try? directory.replace(Cursors.name, with: cursors.text, durably: durably)
    }
}
