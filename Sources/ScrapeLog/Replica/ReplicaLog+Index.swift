// Where the records are, for who reads one target's history.
extension ReplicaLog {
    /// The segments that end behind a position, by arrival of the epoch, then by offset; all of them when the position's
    /// epoch is not known.
    package func segments(behind epoch: UInt64? = nil, _ offset: UInt64 = 0) -> [HeldSegment] {
        let first = epoch.flatMap { id in epochs.firstIndex { $0.epoch == id } }
        var segments: [HeldSegment] = []
        for (index, epoch) in epochs.enumerated().dropFirst(first ?? 0) {
            let isFirst = first == index
            let from = isFirst ? epoch.files.partitioningIndex { $0.end > offset } : 0
            for file in epoch.files[from...] { segments.append(HeldSegment(file, of: epoch)) }
        }
        return segments
    }

    /// What is where in a segment; nil when it is not held, or has been forgotten (see `SegmentBytes.index`).
    package func index(of segment: HeldSegment) -> SegmentIndex? { file(segment)?.index }

    /// The bytes of a segment, for another thread; nil when it is not held.
    ///
    /// - Throws: `.io` when its file cannot be opened: for want of descriptors, for instance.
    package func bytes(of segment: HeldSegment) throws(ScrapeLogError) -> SegmentBytes? {
        guard let epoch = epochs.first(where: { $0.epoch == segment.epoch }), let file = file(segment) else {
            return nil
        }
        if let memory = file.memory {
            return SegmentBytes(epoch: segment.epoch, start: segment.start, source: .memory(memory))
        }
        guard let descriptor = try descriptor(of: epoch, start: segment.start) else { return nil }
        return SegmentBytes(epoch: segment.epoch, start: segment.start, source: .file(descriptor))
    }

    private func file(_ segment: HeldSegment) -> ReplicaFile? {
        guard let epoch = epochs.first(where: { $0.epoch == segment.epoch }) else { return nil }
        let index = epoch.files.partitioningIndex { $0.start >= segment.start }
        return index < epoch.files.count && epoch.files[index].start == segment.start ? epoch.files[index] : nil
    }

    /// The parts of a range that are neither held nor known not to come.
    package func missing(from range: LogRange) -> [LogRange] {
        epochs.first { $0.epoch == range.epoch }?.missing(from: range) ?? (range.count > 0 ? [range] : [])
    }

    /// Whether an epoch went on behind an offset with bytes that are not here any more, or never came.
    package func isCutShort(_ id: UInt64, behind offset: UInt64) -> Bool {
        let skipped = epochs.first { $0.epoch == id }?.skipped.ranges(of: id) ?? []
        return skipped.contains { $0.to > offset }
    }

    /// A file grew by whole records, which `place` says where they stand in the epoch.
    func remember(_ records: ArraySlice<(header: RecordHeader, offset: UInt64)>, file position: Int, in index: Int) {
        guard !records.isEmpty else { return }
        guard epochs[index].files[position].index != nil else {
            guard let before = epochs[index].files[position].forgottenLastTime else { return }
            epochs[index].files[position].forgottenLastTime =
                records.lazy.filter(\.header.kind.isScrape).map(\.header.time).reduce(before, max)
            return
        }
        let start = epochs[index].files[position].start
        for record in records { epochs[index].files[position].index?.add(record.header, at: record.offset &- start) }
        indexed += records.count
        limitIndex()
    }

    /// Forgets the positions of the segments that arrived first, as long as there are too many; never the newest one's.
    func limitIndex() {
        guard indexed > maximumIndexed else { return }
        recountIndex()
        while indexed > maximumIndexed {
            var oldest: (epoch: Int, file: Int, arrived: Int64)?
            for (index, epoch) in epochs.enumerated() {
                for (position, file) in epoch.files.enumerated()
                where file.index != nil && file.arrived < oldest?.arrived ?? .max {
                    let isNewest = index == epochs.count - 1 && position == epoch.files.count - 1
                    if !isNewest { oldest = (index, position, file.arrived) }
                }
            }
            guard let oldest else { return }
            let file = epochs[oldest.epoch].files[oldest.file]
            epochs[oldest.epoch].files[oldest.file].forgottenLastTime = file.lastTime
            epochs[oldest.epoch].files[oldest.file].index = nil
            recountIndex()
        }
    }

    /// Files that went took theirs with them.
    private func recountIndex() {
        indexed = epochs.reduce(0) { $0 + $1.files.reduce(0) { $0 + ($1.index?.count ?? 0) } }
    }
}
