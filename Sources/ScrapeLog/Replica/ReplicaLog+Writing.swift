package import NIOCore

// Taking in what an agent sends.
extension ReplicaLog {
    /// Stores what is new in a range of an agent's log; returns the hull of what was stored, nil when all was known.
    ///
    /// Whatever is stored follows a record that is here, or begins with a segment header. `.corrupt`, `.foreign` and
    /// `.unsupported` mean that the peer sent bytes that are no good records: what was good before them stays, a record that
    /// was begun is forgotten. `.full` and `.io` leave everything as it was before the bytes that did not fit.
    package func write(
        epoch id: UInt64, from: UInt64, bytes: ByteBuffer
    ) throws(ScrapeLogError) -> LogRange? {
        let (to, overflows) = from.addingReportingOverflow(UInt64(bytes.readableBytes))
        guard !overflows, to <= UInt64(Int64.max) else {
            throw ScrapeLogError(
                code: .invalid, message: "a range that ends beyond 2^63",
                culprit: ScrapeLogError.position(epoch: id, offset: from))
        }
        let range = LogRange(epoch: id, from: from, to: to)
        let known = epochs.lastIndex { $0.epoch == id }
        let missing = known.map { epochs[$0].missing(from: range) } ?? (range.count > 0 ? [range] : [])
        guard !missing.isEmpty else { return nil }
        let index: Int
        if let known { index = known } else { index = try addEpoch(id, firstBytes: bytes) }
        defer { dropEmptyEpoch(id) }
        var stored: LogRange?
        for part in missing {
            guard let slice = bytes.getSlice(at: bytes.readerIndex + Int(part.from - from), length: Int(part.count))
            else { continue }
            try store(part, slice, in: index)
            stored = LogRange(epoch: id, from: stored?.from ?? part.from, to: part.to)
        }
        limitMemory()
        return stored
    }

    private func addEpoch(_ id: UInt64, firstBytes: ByteBuffer) throws(ScrapeLogError) -> Int {
        guard epochs.count < Self.maximumEpochs else {
            throw ScrapeLogError(code: .full, message: "\(epochs.count) epochs are kept already, which is the limit")
        }
        let epoch = ReplicaEpoch(epoch: id, arrival: arrival(of: id, sequence: SegmentHeader.sequence(in: firstBytes)))
        if let root {
            _ = try root.subdirectory(epoch.name, creating: true)
            isRootUnsynced = true
        }
        return enter(epoch)
    }

    /// Forgets a new epoch whose first bytes were refused.
    private func dropEmptyEpoch(_ id: UInt64) {
        guard let index = epochs.lastIndex(where: { $0.epoch == id }), epochs[index].files.isEmpty,
            epochs[index].skipped.isEmpty
        else { return }
        try? root?.removeDirectory(epochs[index].name)
        epochs.remove(at: index)
    }

    /// Checks a missing part and puts it where it belongs.
    private func store(_ part: LogRange, _ bytes: ByteBuffer, in index: Int) throws(ScrapeLogError) {
        let continued = epochs[index].index(endingAt: part.from)
        let tail = continued.map { epochs[index].files[$0].tail }
        var validator = tail ?? RecordValidator(epoch: part.epoch, offset: part.from, startsSegment: true)
        var starts: [UInt64] = []
        var records: [(header: RecordHeader, offset: UInt64)] = []
        var problem: ScrapeLogError?
        var rest = bytes
        do throws(ScrapeLogError) {
            while let step = try validator.advance(&rest) {
                switch step {
                case .began(let header, let offset): if header.kind == .segmentHeader { starts.append(offset) }
                case .ended(let header): records.append((header, validator.boundary &- UInt64(header.length)))
                }
            }
            if !validator.isAtBoundary, epochs[index].files.contains(where: { $0.start == part.to }) {
                throw .corrupt(
                    "a record that runs into the next segment", epoch: part.epoch, offset: validator.boundary)
            }
        } catch {
            problem = error
            validator = RecordValidator(
                epoch: part.epoch, offset: validator.boundary,
                startsSegment: validator.boundary == part.from && continued == nil)
        }
        let end = problem == nil ? part.to : validator.boundary
        // The file in which the bytes begin; nil when they begin with a segment header of their own.
        let file = continued.map { epochs[index].files[$0].start } ?? part.from
        let plan = StorePlan(
            first: file, from: part.from, to: end, cuts: starts.filter { $0 > file && $0 < end },
            staged: tail?.partialHeader ?? ByteBuffer(), bytes: bytes)
        try carryOut(plan, records, tail: validator, in: index)
        if let problem { throw problem }
    }

    private func carryOut(
        _ plan: StorePlan, _ records: [(header: RecordHeader, offset: UInt64)], tail: RecordValidator, in index: Int
    ) throws(ScrapeLogError) {
        let id = epochs[index].epoch
        // A record that was begun earlier and turned out bad, or is another segment's first: its bytes go.
        let firstEnd = plan.cuts.first ?? plan.to
        if firstEnd < plan.from, let position = epochs[index].files.firstIndex(where: { $0.start == plan.first }) {
            try shorten(to: firstEnd, file: position, in: index)
        }
        for piece in plan.pieces {
            let isLast = piece.to == plan.to
            let after = isLast ? tail : RecordValidator(epoch: id, offset: piece.to, startsSegment: false)
            let position = try extend(piece, tail: after, in: index)
            let first = records.partitioningIndex { $0.offset >= piece.file }
            let last = records.partitioningIndex { $0.offset >= piece.to }
            remember(records[first..<max(first, last)], file: position, in: index)
        }
    }

    /// The place of the file that grew.
    private func extend(
        _ piece: StorePlan.Piece, tail: RecordValidator, in index: Int
    ) throws(ScrapeLogError) -> Int {
        let id = epochs[index].epoch
        let position: Int
        // The usual case first: the newest file grows.
        if let last = epochs[index].files.indices.last, epochs[index].files[last].start == piece.file {
            position = last
        } else if let known = epochs[index].files.firstIndex(where: { $0.start == piece.file }) {
            position = known
        } else {
            guard epochs.reduce(0, { $0 + $1.files.count }) < Self.maximumFiles else {
                throw ScrapeLogError(
                    code: .full, message: "\(Self.maximumFiles) segments are kept already, which is the limit")
            }
            let before = RecordValidator(epoch: id, offset: piece.file, startsSegment: true)
            var file = ReplicaFile(start: piece.file, arrived: clock(), tail: before)
            if root == nil { file.memory = MemoryBytes() }
            if let directory = try directory(of: epochs[index]) {
                let name = ReplicaNames.file(start: piece.file)
                open.insert(try directory.create(name), as: FileKey(epoch: id, start: piece.file))
                unsyncedDirectories.insert(id)
            }
            epochs[index].insert(file)
            position = epochs[index].files.firstIndex { $0.start == piece.file } ?? 0
        }
        let length = epochs[index].files[position].length
        if let descriptor = try descriptor(of: epochs[index], start: piece.file) {
            do throws(ScrapeLogError) {
                try descriptor.write(piece.bytes, at: length)
            } catch {
                try? descriptor.truncate(to: length)
                if length == 0 { removeFile(position, in: index) }
                throw error
            }
            recent.append(piece.bytes, epoch: id, at: piece.file &+ length)
            unsynced.insert(FileKey(epoch: id, start: piece.file))
        } else {
            epochs[index].files[position].memory?.append(piece.bytes)
        }
        epochs[index].files[position].length = length &+ UInt64(piece.bytes.readableBytes)
        epochs[index].files[position].tail = tail
        epochs[index].files[position].arrived = clock()
        return position
    }

    /// Cuts a file at a record boundary.
    func shorten(to end: UInt64, file position: Int, in index: Int) throws(ScrapeLogError) {
        let file = epochs[index].files[position]
        guard end > file.start else {
            removeFile(position, in: index)
            return
        }
        let length = end - file.start
        recent.clear()
        try descriptor(of: epochs[index], start: file.start)?.truncate(to: length)
        epochs[index].files[position].memory?.truncate(to: Int(clamping: length))
        epochs[index].files[position].length = length
        epochs[index].files[position].durable = min(file.durable, length)
        epochs[index].files[position].index?.truncate(to: length)
        epochs[index].files[position].tail = RecordValidator(
            epoch: epochs[index].epoch, offset: end, startsSegment: false)
    }

    /// Deletes a file; a failure leaves it to the next start, which finds it too old or cut.
    func removeFile(_ position: Int, in index: Int) {
        let epoch = epochs[index]
        let start = epoch.files[position].start
        recent.clear()
        open.remove(FileKey(epoch: epoch.epoch, start: start))
        unsynced.remove(FileKey(epoch: epoch.epoch, start: start))
        unwritten.remove(FileKey(epoch: epoch.epoch, start: start))
        if let directory = try? directory(of: epoch) {
            try? directory.remove(ReplicaNames.file(start: start))
        }
        epochs[index].files.remove(at: position)
    }
}
