package import NIOCore
package import ScrapeLog

// `culvert verify`: asking the agent for the checksums of what both sides hold.
extension TunnelConnection {
    /// The longest range that gets one checksum.
    static let verifiedPiece: UInt64 = 16 << 20
    /// The most bytes asked for at a time: four seconds of an agent's patience.
    static let verifiedAtOnce: UInt64 = 256 << 20
    /// Pieces that differ are cut into so many, twice, to tell where.
    private static let cuts: UInt64 = 64
    /// More differing pieces than this are not looked at more closely.
    private static let closeLooks = 16

    /// The agent's checksums of these ranges, cut into pieces of at most 16 MiB; asks as often as it takes.
    ///
    /// - Parameter limit: for each answer.
    /// - Throws: `VerificationFailure`.
    package func verify(_ ranges: [LogRange], within limit: TimeAmount = .seconds(60)) async throws -> AgentChecksums {
        var result = AgentChecksums()
        var rest = Self.pieces(ranges, of: Self.verifiedPiece)[...]
        repeat {
            var request: [LogRange] = []
            var bytes: UInt64 = 0
            while let next = rest.first, request.count < Protocol.maximumRanges,
                request.isEmpty || bytes + next.count <= Self.verifiedAtOnce
            {
                request.append(next)
                bytes += next.count
                rest.removeFirst()
            }
            let answer = try await checksums(of: request, within: limit)
            switch ChecksumOutcome(rawValue: answer.outcome) {
            case .busy:
                throw VerificationFailure(
                    code: .busy, message: "another comparison is under way; try again when it is done", agent: agent)
            case .done: break
            case .failed, .partial, nil: result.isComplete = false
            }
            // Nothing is taken that was not asked for, nor twice: each part costs us as much as it cost the agent.
            var open = LogRangeSet(request)
            for part in answer.parts where part.range.count > 0 && open.contains(part.range) {
                open.remove(part.range)
                result.parts.append(part)
            }
            result.held = answer.held
        } while !rest.isEmpty
        return result
    }

    /// Compares what the collector holds with what the agent holds; pieces that differ are looked at more closely, down to
    /// a few KiB.
    ///
    /// - Parameters:
    ///   - held: what the collector can read of the agent's log.
    ///   - settled: what it need not be sent again: held, announced as gaps, or expired.
    ///   - checksum: the collector's own `CRC32C` over a range; nil when it is not held any more. May take its time.
    /// - Throws: `VerificationFailure`, and what `checksum` throws.
    package func compare(
        _ held: [LogRange], settled: [LogRange], within limit: TimeAmount = .seconds(60),
        checksum: (LogRange) async throws -> UInt32?
    ) async throws -> LogComparison {
        let theirs = try await verify(held, within: limit)
        var comparison = try await compare(theirs, held, settled, checksum)
        var length = Self.verifiedPiece / Self.cuts
        while length >= 4096, !comparison.different.isEmpty, comparison.different.count <= Self.closeLooks {
            let finer = try await verify(comparison.different, pieces: length, within: limit)
            let closer = try await compare(finer, comparison.different, [], checksum)
            // Gone meanwhile: then the coarse answer stands.
            guard !closer.different.isEmpty else { break }
            comparison.identical = LogRangeSet(comparison.identical + closer.identical).ranges
            comparison.unchecked = LogRangeSet(comparison.unchecked + closer.unchecked + closer.missingThere).ranges
            comparison.different = closer.different
            length /= Self.cuts
        }
        return comparison
    }

    private func verify(_ ranges: [LogRange], pieces length: UInt64, within limit: TimeAmount) async throws
        -> AgentChecksums
    {
        try await verify(Self.pieces(ranges, of: length), within: limit)
    }

    private func compare(
        _ theirs: AgentChecksums, _ held: [LogRange], _ settled: [LogRange],
        _ checksum: (LogRange) async throws -> UInt32?
    ) async throws -> LogComparison {
        var own: [RangeChecksum] = []
        for part in theirs.parts {
            if let value = try await checksum(part.range) { own.append(.init(range: part.range, checksum: value)) }
        }
        return LogComparison(own: own, held: held, settled: settled, theirs: theirs)
    }

    /// The ranges, none longer than `length`.
    static func pieces(_ ranges: [LogRange], of length: UInt64) -> [LogRange] {
        ranges.flatMap { range -> [LogRange] in
            var pieces: [LogRange] = []
            var from = range.from
            while from < range.to {
                let to = range.to - from > length ? from + length : range.to
                pieces.append(LogRange(epoch: range.epoch, from: from, to: to))
                from = to
            }
            return pieces
        }
    }
}
