package import NIOCore

// Appending: distances, segments, and what a failing disk does to both.
extension ScrapeLog {
    /// The longest payload a record of this log may have, bytes.
    package var maximumPayload: Int {
        min(RecordHeader.maximumLength, Int(clamping: max(1024, budget / 4))) - RecordHeader.size
    }

    /// A segment's size where it is written now: at least sixteen fit the budget, so that dropping one costs little; but one
    /// that is mostly dictionary and keyframes grows up to a quarter of it, or there would be nothing else in the log.
    private var segmentLimit: UInt64 {
        max(512, min(configuration.segmentBytes, budget / 16), min(budget / 4, 3 * introduced))
    }

    /// Bytes that may be held where the log is written now.
    var budget: UInt64 {
        if case .memory(let maximumBytes) = configuration.storage { return UInt64(clamping: maximumBytes) }
        return state == .normal ? configuration.maximumBytes : UInt64(clamping: max(4096, configuration.fallbackBytes))
    }

    /// Bytes that were appended and not flushed.
    package var pendingBytes: Int { pending.readableBytes }

    private var position: UInt64 { end &+ UInt64(pending.readableBytes) }

    /// Appends a record to the buffer that the next `flush` writes; false when the payload is too large for this log.
    ///
    /// `time` is in milliseconds since the Unix epoch. The first record of an epoch, and one that does not fit its segment
    /// any more, is preceded by a segment header and the full target table.
    ///
    /// - Parameter lines: the payload of a dictionary record that has to stand before it in the same segment, or nothing.
    @discardableResult
    package func append(
        _ kind: RecordKind, target: UInt32, time: Int64, payload: ByteBuffer, lines: ByteBuffer = ByteBuffer()
    ) -> Bool {
        guard !isClosed else { return false }
        guard max(payload.readableBytes, lines.readableBytes) <= maximumPayload else {
            counters.oversizedRecords += 1
            return false
        }
        lastTime = time
        _ = makeRoom(target: target, payloadBytes: Self.room(payload, lines), time: time)
        guard kind != .delta || chains[target]?.keyframe != nil else {
            counters.orphanedRecords += 1
            return false
        }
        if lines.readableBytes > 0 { write(.line, target: 0, time: time, payload: lines) }
        write(kind, target: target, time: time, payload: payload)
        if pending.readableBytes >= Self.flushThreshold { flush() }
        return true
    }

    /// What `makeRoom` has to be asked for so that both records of a scrape go into one segment.
    package static func room(_ payload: ByteBuffer, _ lines: ByteBuffer) -> Int {
        payload.readableBytes + (lines.readableBytes > 0 ? lines.readableBytes + RecordHeader.size : 0)
    }

    /// Begins a new segment now when a record of this size would not go into the current one; returns the offset at
    /// which the segment begins that the record will be in.
    ///
    /// For an encoder that must know whether its dictionary and keyframes are still in reach before it encodes.
    package func makeRoom(target: UInt32, payloadBytes: Int, time: Int64) -> UInt64 {
        let length = UInt64(clamping: payloadBytes) &+ UInt64(RecordHeader.size)
        if let current = segments.last, isSegmentOpen {
            let isFull = position &- current.start &+ length > segmentLimit && position > preambleEnd
            let isLong = chains[target].map { $0.scrapes >= configuration.scrapesPerSegmentPerTarget } ?? false
            if isFull || isLong { sealSegment() }
        }
        if !isSegmentOpen { beginSegment(time: time) }
        reclaim(for: length)
        return segments.last?.start ?? position
    }

    /// Ends the current segment; the next append begins another. For reconnecting with a backlog: live data first.
    package func sealSegment() {
        flush()
        isSegmentOpen = false
        chains.removeAll(keepingCapacity: true)
        deleteAcknowledged()
    }

    /// Begins a new epoch with the next append, for instance because Welcome shows a collector past our end.
    package func beginEpoch(nowMilliseconds: Int64) {
        guard !isClosed else { return }
        sealSegment()
        startEpoch()
        lastTime = nowMilliseconds
    }

    /// Writes in another format version from the next append on, one of those that this release writes.
    ///
    /// An older one begins a new epoch, so that who cannot read the newer one can be given whole epochs and the beginnings of
    /// others, never a part with a hole before it.
    ///
    /// - Returns: whether a new epoch begins.
    package func write(version: UInt16, nowMilliseconds: Int64) -> Bool {
        guard version != self.version, SegmentHeader.readableVersions.contains(version), !isClosed else { return false }
        let isOlder = version < self.version
        self.version = version
        if isOlder { beginEpoch(nowMilliseconds: nowMilliseconds) } else { sealSegment() }
        return isOlder
    }

    func startEpoch() {
        epoch = UInt64.random(in: 1...UInt64.max)
        epochSequence &+= 1
        end = 0
        isSegmentOpen = false
        chains.removeAll(keepingCapacity: true)
    }

    /// Nothing waits in the buffer when this is called: a segment ends with a flush.
    private func beginSegment(time: Int64) {
        segmentBegan = time
        var segment = Segment(epoch: epoch, epochSequence: epochSequence, start: end, version: version)
        if let directory, state == .normal {
            do throws(ScrapeLogError) {
                files.insert(try directory.create(segment.name.text), as: segment.name)
                isDirectoryUnsynced = true
            } catch {
                enterMemory(error)
                segment = Segment(epoch: epoch, epochSequence: epochSequence, start: end, version: version)
            }
        }
        if directory == nil || state != .normal { segment.memory = MemoryBytes() }
        segments.append(segment)
        isSegmentOpen = true
        introduced = 0
        let targets = table().filter { $0.payload.readableBytes <= maximumPayload }
        var payload = ByteBuffer()
        SegmentHeader(
            version: version, epoch: epoch, epochSequence: epochSequence, created: time,
            announcements: UInt32(clamping: targets.count)
        ).encode(into: &payload)
        write(.segmentHeader, target: 0, time: time, payload: payload)
        for (target, payload) in targets {
            write(.targetAnnounced, target: target, time: time, payload: payload)
        }
        preambleEnd = position
    }

    private func write(_ kind: RecordKind, target: UInt32, time: Int64, payload: ByteBuffer) {
        let offset = position
        var header = RecordHeader(length: 0, kind: kind, target: target, time: time)
        var isIntroduction = !kind.isScrape
        if target != 0 {
            var chain = chains[target] ?? TargetChain(previous: offset)
            header.previous = UInt32(clamping: offset &- chain.previous)
            if kind == .keyframe {
                isIntroduction = chain.keyframe == nil
                chain.keyframe = offset
            }
            if kind == .delta, let keyframe = chain.keyframe { header.keyframe = UInt32(clamping: offset &- keyframe) }
            // A target that is announced again in between must not break the way from scrape to scrape.
            if kind.isScrape {
                chain.scrapes += 1
                chain.previous = offset
            }
            chains[target] = chain
        }
        header.write(payload: payload, into: &pending)
        if isIntroduction { introduced += UInt64(RecordHeader.size + payload.readableBytes) }
        if kind != .delta { pendingIntroduces = true }
        if kind.isScrape {
            pendingScrapes &+= 1
            pendingFirstTime = min(pendingFirstTime ?? time, time)
        }
    }

    /// Writes everything appended since the last flush, in one piece.
    ///
    /// When the disk fails, the records it did not take go on in memory under a new epoch.
    package func flush() {
        guard pending.readableBytes > 0, isSegmentOpen, let segment = segments.last else { return }
        if segment.memory != nil {
            segments[segments.count - 1].memory?.append(pending)
            grow(by: pending, scrapes: pendingScrapes)
            clearPending()
            return
        }
        guard let directory else { return }
        var failure: ScrapeLogError?
        var kept = 0
        do throws(ScrapeLogError) {
            let file = try files.file(segment.name) { (name) throws(ScrapeLogError) in try directory.open(name.text) }
            (kept, failure) = file.writeAsMuchAsPossible(pending, at: segment.length)
            if !unsynced.contains(where: { $0 === file }) { unsynced.append(file) }
            if failure != nil {
                // Whole records that are in the file stay there: should the rest not be cut off, or come back after a
                // power loss, they would be in the log twice.
                let whole = wholeRecords(ofFirst: kept)
                kept = whole.bytes
                try? file.truncate(to: segment.length + UInt64(kept))
                if kept > 0, let part = pending.getSlice(at: pending.readerIndex, length: kept) {
                    recent.append(part, epoch: epoch, at: end)
                    grow(by: part, scrapes: whole.scrapes)
                    pendingScrapes -= min(pendingScrapes, whole.scrapes)
                }
            } else {
                recent.append(pending, epoch: epoch, at: end)
                grow(by: pending, scrapes: pendingScrapes)
            }
        } catch {
            failure = error
        }
        if let failure { enterMemory(failure) } else { clearPending() }
    }

    /// How many of the first bytes that wait are whole records, and how many scrapes those are.
    private func wholeRecords(ofFirst count: Int) -> (bytes: Int, scrapes: UInt32) {
        var bytes = 0
        var scrapes: UInt32 = 0
        while let header = try? RecordHeader.parse(pending, at: pending.readerIndex + bytes),
            bytes + Int(header.length) <= count
        {
            bytes += Int(header.length)
            if header.kind.isScrape { scrapes += 1 }
        }
        return (bytes, scrapes)
    }

    /// The current segment holds these bytes more.
    private func grow(by bytes: ByteBuffer, scrapes: UInt32) {
        guard let index = segments.indices.last else { return }
        noteHead(of: segments[index], bytes)
        let count = UInt64(bytes.readableBytes)
        segments[index].length += count
        segments[index].scrapes &+= scrapes
        if let time = pendingFirstTime { segments[index].firstTime = min(segments[index].firstTime ?? time, time) }
        end &+= count
        counters.appendedBytes &+= count
    }

    /// Keeps the beginning of the current segment, and that of the one before it in the same epoch.
    private func noteHead(of segment: Segment, _ bytes: ByteBuffer) {
        if head?.epoch != segment.epoch || head?.start != segment.start {
            previousHead = head?.epoch == segment.epoch ? head : nil
            head = SegmentHead(epoch: segment.epoch, start: segment.start)
        }
        head?.append(bytes, at: end, introduces: pendingIntroduces)
    }

    private func clearPending() {
        // Let a buffer go that one huge record has blown up.
        if pending.capacity > 2 * Self.flushThreshold { pending = ByteBuffer() } else { pending.clear() }
        pendingScrapes = 0
        pendingFirstTime = nil
        pendingIntroduces = false
    }

    /// Goes on in memory, under a new epoch.
    ///
    /// Of what the disk did not take, scrapes build on what is in the old epoch and are of no use in the new one: their
    /// maker is told how many to append again. The targets are all in the new segment's table.
    func enterMemory(_ error: ScrapeLogError) {
        let lost = pendingScrapes
        clearPending()
        counters.storageFailures += 1
        if let last = segments.last, isSegmentOpen, last.length == 0 {
            segments.removeLast()
            if last.memory == nil {
                files.remove(last.name)
                try? directory?.remove(last.name.text)
            }
        }
        startEpoch()
        recovery.failed()
        setState(.memory(reason: error.description))
        if lost == 0 { return }
        if let onScrapesLost { onScrapesLost(Int(lost)) } else { counters.lostScrapes += UInt64(lost) }
    }

    func setState(_ new: ScrapeLogState) {
        guard new != state else { return }
        state = new
        onStateChange?(new)
    }
}
