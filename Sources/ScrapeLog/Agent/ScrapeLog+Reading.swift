package import NIOCore

// Reading back.
extension ScrapeLog {
    /// Appends up to `maximum` bytes of `range`, from its beginning on, to `buffer`; returns how many.
    ///
    /// Fewer come where the held range ends; 0 at the end of the log. `.notHeld` when the first byte is not here. A place
    /// that `counterpart` named can be read although its segment has been deleted.
    package func read(
        _ range: LogRange, maximum: Int, into buffer: inout ByteBuffer
    ) throws(ScrapeLogError) -> Int {
        var position = range.from
        var total = 0
        while position < range.to, total < maximum {
            guard
                let segment = segments.first(where: {
                    $0.epoch == range.epoch && $0.start <= position && position < $0.end
                })
            else { break }
            let limit = min(UInt64(clamping: maximum - total), range.to - position, segment.end - position)
            let count = try read(segment, at: position - segment.start, maximum: Int(clamping: limit), into: &buffer)
            guard count > 0 else { break }
            position += UInt64(count)
            total += count
        }
        if total == 0, maximum > 0, let head = previousHead, head.epoch == range.epoch, range.from >= head.start,
            let part = head.bytes.getSlice(
                at: head.bytes.readerIndex + Int(clamping: min(range.from - head.start, UInt64(SegmentHead.limit))),
                length: Int(clamping: min(range.count, UInt64(clamping: maximum))))
        {
            return buffer.writeImmutableBuffer(part)
        }
        if total == 0, range.count > 0, maximum > 0, !(range.epoch == epoch && range.from == end) {
            throw ScrapeLogError(
                code: .notHeld, message: "these bytes are not in the log (any more)",
                culprit: ScrapeLogError.position(epoch: range.epoch, offset: range.from))
        }
        return total
    }

    /// Milliseconds after a segment's beginning in which its targets have their first scrapes.
    private static let counterpartPeriod: Int64 = 300_000

    /// The place in the previous segment of the epoch where something very similar to this range of the current segment may
    /// be found: its dictionary and keyframes. nil when the range introduces nothing, or the previous segment's beginning
    /// is not at hand.
    ///
    /// For a tunnel that compresses the range with the place as prefix, when both ends hold it.
    package func counterpart(of range: LogRange) -> LogRange? {
        // Later a collector may have deleted the previous segment, and little is new any more.
        guard lastTime &- segmentBegan < Self.counterpartPeriod else { return nil }
        guard let head, let previousHead, head.introduces(in: range) else { return nil }
        return previousHead.counterpart(of: range, in: head)
    }

    /// Where the segment ends that the first byte of `range` is in; nil when none holds it. The segment that is being
    /// written is ended for that.
    package func segmentEnd(of range: LogRange) -> UInt64? {
        func segment() -> Segment? {
            segments.first { $0.epoch == range.epoch && $0.start <= range.from && range.from < $0.end }
        }
        if segment()?.start == segments.last?.start, range.epoch == epoch { sealSegment() }
        return segment()?.end
    }

    /// Checks the records of a range that begins at a record's start: whether all of them are good, and how many scrapes
    /// there are before the first that is not.
    package func walk(_ range: LogRange) -> (isSound: Bool, scrapes: UInt64) {
        var assembler = RecordAssembler(epoch: range.epoch, offset: range.from)
        var scrapes: UInt64 = 0
        var rest = range
        do throws(ScrapeLogError) {
            while rest.count > 0 {
                var bytes = ByteBuffer()
                let count = try read(rest, maximum: 1 << 20, into: &bytes)
                guard count > 0 else { break }
                rest.from += UInt64(count)
                assembler.append(bytes)
                while let record = try assembler.next() {
                    if record.header.kind.isScrape { scrapes += 1 }
                }
            }
        } catch {
            return (false, scrapes)
        }
        return (rest.count == 0 && assembler.pendingBytes == 0, scrapes)
    }

    func read(
        _ segment: Segment, at offset: UInt64, maximum: Int, into buffer: inout ByteBuffer
    ) throws(ScrapeLogError) -> Int {
        if let memory = segment.memory {
            return memory.read(at: Int(clamping: offset), maximum: maximum, into: &buffer)
        }
        guard let directory else { return 0 }
        let recently = recent.read(
            epoch: segment.epoch, at: segment.start &+ offset, maximum: maximum, into: &buffer)
        if recently > 0 { return recently }
        let file = try files.file(segment.name) { (name) throws(ScrapeLogError) in try directory.open(name.text) }
        return try file.read(at: offset, maximum: maximum, into: &buffer)
    }
}
