import Glibc

// What will never come, and what has been kept long enough.
extension ReplicaLog {
    /// Remembers that the agent will never send a range, so that it counts as settled.
    package func noteGap(_ range: LogRange) {
        guard range.count > 0 else { return }
        if !epochs.contains(where: { $0.epoch == range.epoch }) {
            guard epochs.count < Self.maximumEpochs else { return }
            let epoch = ReplicaEpoch(epoch: range.epoch, arrival: arrival(of: range.epoch, sequence: nil))
            _ = try? root?.subdirectory(epoch.name, creating: true)
            _ = enter(epoch)
            isRootUnsynced = true
        }
        guard let index = epochs.lastIndex(where: { $0.epoch == range.epoch }) else { return }
        // A record that was begun will never be finished: it goes, so that what is kept ends at a boundary and can become
        // durable. Should cutting fail, the gap begins behind it all the same.
        var range = range
        if let begun = epochs[index].index(endingAt: range.from) {
            let boundary = epochs[index].files[begun].tail.boundary
            if boundary < range.from, (try? shorten(to: boundary, file: begun, in: index)) != nil {
                range.from = boundary
            }
        }
        // What is here stays readable: only the rest is a gap.
        for part in epochs[index].settled.missing(from: range) where epochs[index].skipped.count < Self.maximumSkipped {
            epochs[index].skipped.insert(part)
        }
        saveSkipped(index)
    }

    /// Deletes whole files: those that arrived before a time (milliseconds since the Unix epoch), then the oldest until at
    /// most `maximumBytes` are left. The newest file of the newest epoch always stays.
    ///
    /// What is deleted counts as settled, so that no agent sends it again.
    @discardableResult
    package func expire(arrivedBefore: Int64, maximumBytes: UInt64) -> ExpiredLog {
        expire(RetentionRule(arrivedBefore: arrivedBefore, maximumBytes: maximumBytes))
    }

    /// Deletes the whole files that a rule lets go. The newest file of the newest epoch always stays.
    ///
    /// What is deleted counts as settled, so that no agent sends it again.
    @discardableResult
    package func expire(_ rule: RetentionRule) -> ExpiredLog {
        var expired = ExpiredLog()
        for (segment, isWanted) in doomed(by: rule) {
            guard let index = epochs.firstIndex(where: { $0.epoch == segment.epoch }),
                let position = epochs[index].files.firstIndex(where: { $0.start == segment.start })
            else { continue }
            let file = epochs[index].files[position]
            epochs[index].skipped.insert(LogRange(epoch: segment.epoch, from: file.start, to: file.end))
            // Before the file goes: the other way round a crash would ask the agent for it again.
            saveSkipped(index)
            removeFile(position, in: index)
            expired.bytes += file.byteCount
            expired.removed.append(ExpiredLog.Segment(segment: segment, index: file.index, isUnread: isWanted))
        }
        forgetEmptyEpochs()
        return expired
    }

    /// What a rule would delete now, in that order, and whether a reader still wants it.
    package func doomed(by rule: RetentionRule) -> [(segment: HeldSegment, isWanted: Bool)] {
        var total = byteCount
        return candidates(rule).filter { segment, isWanted in
            let isOld = segment.arrived < rule.arrivedBefore && !isWanted
            guard isOld || total > rule.maximumBytes else { return false }
            total -= min(total, segment.byteCount)
            return true
        }
    }

    /// What may go, in the order in which it goes, and whether a reader wants it.
    private func candidates(_ rule: RetentionRule) -> [(segment: HeldSegment, isWanted: Bool)] {
        let newest = epochs.lastIndex { !$0.files.isEmpty }
        var candidates: [(segment: HeldSegment, isWanted: Bool)] = []
        for (index, epoch) in epochs.enumerated() {
            for file in epoch.files where index != newest || file.start != epoch.files.last?.start {
                let isWanted = rule.readUntil.map { file.lastTime ?? .max > $0 } ?? false
                candidates.append((HeldSegment(file, of: epoch), isWanted))
            }
        }
        // The sort is stable: equal times keep the order of epochs and offsets.
        candidates.sort {
            $0.isWanted == $1.isWanted ? $0.segment.arrived < $1.segment.arrived : $1.isWanted
        }
        return candidates
    }

    /// Keeps a replica in memory within its ring.
    func limitMemory() {
        guard case .memory(let maximumBytes) = storage, byteCount > UInt64(clamping: maximumBytes) else { return }
        expire(arrivedBefore: .min, maximumBytes: UInt64(clamping: maximumBytes))
        let left = byteCount
        guard left > UInt64(clamping: maximumBytes), let index = epochs.lastIndex(where: { !$0.files.isEmpty }) else {
            return
        }
        // One segment is larger than the ring: its beginning goes.
        _ = epochs[index].files[epochs[index].files.count - 1].memory?.discard(keeping: maximumBytes)
    }

    private func forgetEmptyEpochs() {
        var excess = epochs.dropLast().count { $0.files.isEmpty } - Self.maximumEmptyEpochs
        guard excess > 0 else { return }
        for epoch in epochs.dropLast() where epoch.files.isEmpty && excess > 0 {
            if let directory = try? directory(of: epoch) { try? directory.remove(ReplicaNames.skipped) }
            try? root?.removeDirectory(epoch.name)
            epochs.removeAll { $0.epoch == epoch.epoch }
            excess -= 1
        }
    }

    private func saveSkipped(_ index: Int) {
        guard let directory = try? directory(of: epochs[index]) else { return }
        // Losing it costs a request for bytes that nobody has, or a second copy of expired ones.
        try? directory.replace(ReplicaNames.skipped, with: epochs[index].skippedText, durably: false)
    }

    /// Milliseconds since the Unix epoch.
    package static func wallClock() -> Int64 {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
