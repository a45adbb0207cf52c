package import NIOCore

// Reading back, and making durable.
extension ReplicaLog {
    /// Appends up to `maximum` bytes of `range`, from its beginning on, to `buffer`; returns how many.
    ///
    /// Fewer come where the held range ends. `.notHeld` when the first byte is not here.
    ///
    /// - Parameter isFromDisk: whether it must be what the files hold, not what is still in memory of it.
    package func read(
        _ range: LogRange, maximum: Int, into buffer: inout ByteBuffer, isFromDisk: Bool = false
    ) throws(ScrapeLogError) -> Int {
        guard range.count > 0, maximum > 0 else { return 0 }
        var position = range.from
        var total = 0
        if let epoch = epochs.first(where: { $0.epoch == range.epoch }) {
            while position < range.to, total < maximum, let index = epoch.index(holding: position) {
                let file = epoch.files[index]
                let limit = min(UInt64(clamping: maximum - total), range.to - position, file.end - position)
                let count = try read(
                    file, of: epoch, at: position - file.start, maximum: Int(clamping: limit), into: &buffer,
                    isFromDisk: isFromDisk)
                guard count > 0 else { break }
                position += UInt64(count)
                total += count
            }
        }
        guard total > 0 else {
            throw ScrapeLogError(
                code: .notHeld, message: "these bytes are not in the replica",
                culprit: ScrapeLogError.position(epoch: range.epoch, offset: range.from))
        }
        return total
    }

    private func read(
        _ file: ReplicaFile, of epoch: ReplicaEpoch, at offset: UInt64, maximum: Int, into buffer: inout ByteBuffer,
        isFromDisk: Bool = false
    ) throws(ScrapeLogError) -> Int {
        if let memory = file.memory {
            return memory.read(at: Int(clamping: offset), maximum: maximum, into: &buffer)
        }
        if !isFromDisk {
            let recently = recent.read(epoch: epoch.epoch, at: file.start &+ offset, maximum: maximum, into: &buffer)
            if recently > 0 { return recently }
        }
        guard let descriptor = try descriptor(of: epoch, start: file.start) else { return 0 }
        return try descriptor.read(at: offset, maximum: maximum, into: &buffer)
    }

    /// Calls `body` for every record held, epochs by arrival, records by offset.
    ///
    /// A segment that cannot be read to its end is left at the first bad record and counted; what `body` throws ends the
    /// replay. `body` must not change the replica.
    package func forEachRecord(_ body: (LogRecord) throws -> Void) throws {
        for epoch in epochs {
            // Without its beginning a segment has no target table.
            for file in epoch.files where file.readable == file.start {
                try forEachRecord(of: file, in: epoch, body)
            }
        }
    }

    /// The same for the records of one segment.
    package func forEachRecord(in segment: HeldSegment, _ body: (LogRecord) throws -> Void) throws {
        guard let epoch = epochs.first(where: { $0.epoch == segment.epoch }),
            let file = epoch.files.first(where: { $0.start == segment.start }), file.readable == file.start
        else { return }
        try forEachRecord(of: file, in: epoch, body)
    }

    private func forEachRecord(
        of file: ReplicaFile, in epoch: ReplicaEpoch, _ body: (LogRecord) throws -> Void
    ) throws {
        var assembler = RecordAssembler(epoch: epoch.epoch, offset: file.start)
        var position: UInt64 = 0
        while position < file.length {
            var buffer = ByteBuffer()
            let wanted = Int(clamping: min(file.length - position, 1 << 20))
            let read = try? read(file, of: epoch, at: position, maximum: wanted, into: &buffer, isFromDisk: true)
            guard let count = read, count > 0 else {
                counters.damagedSegments += 1
                return
            }
            position += UInt64(count)
            assembler.append(buffer)
            while true {
                let record: LogRecord?
                do throws(ScrapeLogError) {
                    record = try assembler.next()
                } catch {
                    counters.damagedSegments += 1
                    return
                }
                guard let record else { break }
                try body(record)
            }
        }
    }

    /// Work for a thread that may block: making durable what was written since the last task; nil when there is nothing.
    ///
    /// Pass the task to `synced` once its `run()` has returned, or to `syncFailed` when it threw.
    package func syncTask() -> SyncTask? {
        guard let root, !unsynced.isEmpty || !unsyncedDirectories.isEmpty || isRootUnsynced else { return nil }
        var files: [Descriptor] = []
        var pieces: [SyncTask.Piece] = []
        var directories: [Descriptor] = isRootUnsynced ? [root.descriptor] : []
        var done: Set<FileKey> = []
        for epoch in epochs {
            if unsyncedDirectories.contains(epoch.epoch), let directory = try? directory(of: epoch) {
                directories.append(directory.descriptor)
            }
            for file in epoch.files where files.count < Self.filesPerSync {
                let key = FileKey(epoch: epoch.epoch, start: file.start)
                guard unsynced.contains(key), let descriptor = try? descriptor(of: epoch, start: file.start) else {
                    continue
                }
                files.append(descriptor)
                guard !unwritten.contains(key) || writeAgain(file, in: epoch, descriptor) else { continue }
                unwritten.remove(key)
                pieces.append(
                    SyncTask.Piece(epoch: epoch.epoch, start: file.start, length: file.tail.boundary - file.start))
                done.insert(key)
            }
        }
        unsynced.subtract(done)
        unsyncedDirectories = []
        isRootUnsynced = false
        return SyncTask(files: files, directories: directories, pieces: pieces)
    }

    /// Makes what a task covered part of `durableRanges`; call it after the task's `run()` returned without an error.
    package func synced(_ task: SyncTask) {
        for piece in task.pieces {
            guard let index = epochs.firstIndex(where: { $0.epoch == piece.epoch }),
                let position = epochs[index].files.firstIndex(where: { $0.start == piece.start })
            else { continue }
            let file = epochs[index].files[position]
            epochs[index].files[position].durable = max(file.durable, min(piece.length, file.length))
        }
    }

    /// After a sync that failed the system may take pages for written that are not: what is not known to be on the disk is
    /// written once more, before anything is said of it. False when that fails, or what comes back is not what was there.
    private func writeAgain(_ file: ReplicaFile, in epoch: ReplicaEpoch, _ descriptor: Descriptor) -> Bool {
        var validator = RecordValidator(
            epoch: epoch.epoch, offset: file.start &+ file.durable, startsSegment: file.durable == 0)
        var place = file.durable
        while place < file.length {
            var bytes = ByteBuffer()
            do throws(ScrapeLogError) {
                let wanted = Int(clamping: min(file.length - place, 1 << 20))
                guard try descriptor.read(at: place, maximum: wanted, into: &bytes) > 0 else { return false }
                var rest = bytes
                while try validator.advance(&rest) != nil {}
                try descriptor.write(bytes, at: place)
            } catch {
                return false
            }
            place += UInt64(bytes.readableBytes)
        }
        return true
    }

    /// A task's `run()` threw: its files are written and tried again with the next task.
    package func syncFailed(_ task: SyncTask) {
        for piece in task.pieces {
            let files = epochs.first { $0.epoch == piece.epoch }?.files ?? []
            guard files.contains(where: { $0.start == piece.start }) else { continue }
            unsynced.insert(FileKey(epoch: piece.epoch, start: piece.start))
            unwritten.insert(FileKey(epoch: piece.epoch, start: piece.start))
        }
        for epoch in epochs { unsyncedDirectories.insert(epoch.epoch) }
        isRootUnsynced = true
    }
}
