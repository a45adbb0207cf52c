import NIOCore
import ScrapeLog

/// The checksums that a collector asked for, computed a little at a time between scrapes: 256 KiB every four milliseconds
/// are at most 64 MiB a second. What the log drops meanwhile is left out.
struct ChecksumWork {
    /// The most log bytes read in one step.
    static let step = 256 << 10
    /// Between two steps.
    static let pause = TimeAmount.milliseconds(4)

    private let id: UInt32
    /// What is left of what was asked for; the next range last.
    private var asked: [LogRange]
    private var parts: [RangeChecksum] = []
    /// The part that is being computed; nothing to compute yet when its range is empty.
    private var current: (range: LogRange, checksum: CRC32C)?
    private var outcome = ChecksumOutcome.done

    init(_ request: Frame.ChecksumRequest) {
        id = request.id
        asked = request.ranges.reversed().filter { $0.count > 0 }
    }

    /// Does the next step; the answer when that was the last.
    mutating func step(_ source: any TunnelSource) -> Frame.Checksums? {
        let held = source.held
        guard let next = nextRange(held) else {
            endPart()
            return answer(held)
        }
        if parts.count >= Protocol.maximumParts {
            outcome = .partial
            return answer(held)
        }
        var bytes = ByteBuffer()
        let count = (try? source.read(next, maximum: Self.step, into: &bytes)) ?? 0
        guard count > 0 else {
            // Held and not readable: it stays without a checksum.
            outcome = .failed
            endPart()
            drop(to: next.to)
            return nil
        }
        if current?.range.epoch != next.epoch || current?.range.to != next.from {
            endPart()
            current = (LogRange(epoch: next.epoch, from: next.from, to: next.from), CRC32C())
        }
        current?.checksum.update(bytes)
        current?.range.to += UInt64(count)
        drop(to: next.from + UInt64(count))
        return nil
    }

    /// What is read next: the first part of what is left that the log holds, a step of it at most.
    private mutating func nextRange(_ held: [LogRange]) -> LogRange? {
        while let range = asked.last {
            for part in held where part.epoch == range.epoch && part.to > range.from && part.from < range.to {
                let from = max(part.from, range.from)
                let to = min(part.to, range.to)
                return LogRange(epoch: range.epoch, from: from, to: min(to, from + UInt64(Self.step)))
            }
            endPart()
            asked.removeLast()
        }
        return nil
    }

    private mutating func drop(to offset: UInt64) {
        guard let last = asked.indices.last else { return }
        asked[last].from = offset
        if asked[last].count == 0 {
            // Ranges are answered one by one, even those that touch.
            endPart()
            asked.removeLast()
        }
    }

    private mutating func endPart() {
        if let current, current.range.count > 0 {
            parts.append(RangeChecksum(range: current.range, checksum: current.checksum.value))
        }
        current = nil
    }

    private func answer(_ held: [LogRange]) -> Frame.Checksums {
        Frame.Checksums(id: id, outcome: outcome, parts: parts, held: held.filter { $0.count > 0 })
    }
}
