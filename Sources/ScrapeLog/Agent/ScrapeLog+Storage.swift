// Making durable, and what becomes of a disk that failed.
extension ScrapeLog {
    /// Work for a thread that may block: making durable what was flushed since the last task; nil when there is nothing.
    ///
    /// Should its `run()` throw, tell `syncFailed`.
    package func syncTask() -> SyncTask? {
        guard let directory else { return nil }
        passesSinceCursors += 1
        if areCursorsUrgent || passesSinceCursors >= Self.passesPerCursors { saveCursors(durably: false) }
        guard !unsynced.isEmpty || isDirectoryUnsynced || !found.isEmpty else { return nil }
        defer {
            unsynced = []
            found = []
            isDirectoryUnsynced = false
        }
        return SyncTask(
            files: unsynced, directories: isDirectoryUnsynced ? [directory.descriptor] : [], pieces: [],
            found: found.map { (directory, $0) })
    }

    /// A sync task threw: what was written may be gone, so the log goes on in memory under a new epoch.
    package func syncFailed(_ error: ScrapeLogError) {
        guard state == .normal, directory != nil, !isClosed else { return }
        // The next task is to make the directory durable, which this one may not have done.
        isDirectoryUnsynced = true
        enterMemory(error)
    }

    /// A test, to be run where blocking is allowed, whether a disk that failed takes bytes and makes them durable; nil when
    /// there is nothing to try now. Its answer belongs into `recover`.
    ///
    /// - Parameter nowMilliseconds: a disk that keeps failing is tried less and less often, down to every ten minutes.
    package func diskProbe(nowMilliseconds: Int64) -> (@Sendable () -> Bool)? {
        guard let directory, state != .normal, !isClosed, recovery.isDue(at: nowMilliseconds) else { return nil }
        let bytes = Int(clamping: min(UInt64(1 << 20), configuration.maximumBytes / 8))
        return {
            do throws(ScrapeLogError) {
                try directory.probe(bytes: bytes)
                return true
            } catch {
                return false
            }
        }
    }

    /// Goes back to a disk that works again, under a new epoch, and brings there what is only in memory.
    ///
    /// Call it every ten seconds or so. True when the log is where it was configured to be.
    ///
    /// - Parameter isProven: what `diskProbe` found out; nil to find out here and now, which may block.
    @discardableResult
    package func recover(nowMilliseconds: Int64, isProven: Bool? = nil) -> Bool {
        guard !isClosed else { return state == .normal }
        if state != .normal {
            guard let isSound = isProven ?? diskProbe(nowMilliseconds: nowMilliseconds)?(), isSound else {
                return false
            }
            sealSegment()
            startEpoch()
            lastTime = nowMilliseconds
            recovery.succeeded(at: nowMilliseconds)
            counters.storageRecoveries += 1
            setState(.normal)
        }
        bringToDisk(maximumBytes: Self.broughtAtOnce)
        return state == .normal
    }

    /// What is brought to the disk by one call, bytes: some milliseconds of the event loop.
    private static let broughtAtOnce: UInt64 = 16 << 20

    /// Writes ended segments that are only in memory to files, oldest first, as long as they fit the budget; a crash would
    /// cost them. Their bytes and positions stay what they are.
    func bringToDisk(maximumBytes: UInt64) {
        guard let directory, state == .normal else { return }
        var budget = configuration.maximumBytes
        for segment in segments where segment.memory == nil { budget -= min(budget, segment.length) }
        budget = min(budget, maximumBytes)
        for index in segments.indices {
            let segment = segments[index]
            guard let memory = segment.memory, segment.length > 0, !(isSegmentOpen && index == segments.count - 1)
            else {
                continue
            }
            // One at least, or a segment larger than the limit would never get there.
            guard
                segment.length <= budget || (budget == maximumBytes && segment.length <= configuration.maximumBytes / 2)
            else { return }
            do throws(ScrapeLogError) {
                try? directory.remove(segment.name.text)
                let file = try directory.create(segment.name.text)
                try memory.write(to: file)
                files.insert(file, as: segment.name)
                unsynced.append(file)
                isDirectoryUnsynced = true
            } catch {
                files.remove(segment.name)
                try? directory.remove(segment.name.text)
                return
            }
            segments[index].memory = nil
            budget -= min(budget, segment.length)
        }
    }
}
