import NIOCore
import NIOPosix
import ScrapeLog
import Synchronization
import Tunnel
import Views

// `culvert verify`: whether both sides hold the same bytes.
extension AgentReplica {
    /// Bytes read at a time, under the replica's lock.
    private static let verifiedStep = 256 << 10

    /// Compares checksums of this replica with those of the agent's log.
    ///
    /// - Throws: `VerificationFailure`, and `ScrapeLogError` when the replica cannot be read.
    func verify(on threadPool: NIOThreadPool) async throws -> LogVerification {
        let (connection, held, settled) = state.withLock { ($0.connection, $0.log.heldRanges, $0.log.ranges) }
        guard let connection else { throw VerificationFailure.notConnected(agent: agent.name) }
        let comparison = try await connection.compare(held, settled: settled) { range in
            try await threadPool.runIfActive { try self.checksum(of: range) }
        }
        return LogVerification(
            agent: agent.name, identical: comparison.identical.map(LogVerification.Range.init),
            different: comparison.different.map(LogVerification.Range.init),
            missingAtCollector: comparison.missingHere.map(LogVerification.Range.init),
            missingAtAgent: comparison.missingThere.map(LogVerification.Range.init),
            unchecked: comparison.unchecked.map(LogVerification.Range.init))
    }

    /// Nil when part of it is not held any more. Blocks.
    private func checksum(of range: LogRange) throws -> UInt32? {
        var checksum = CRC32C()
        var rest = range
        while rest.count > 0 {
            var bytes = ByteBuffer()
            let count: Int
            do {
                count = try state.withLock {
                    try $0.log.read(rest, maximum: Self.verifiedStep, into: &bytes, isFromDisk: true)
                }
            } catch let error as ScrapeLogError where error.code == .notHeld {
                return nil
            }
            guard count > 0 else { return nil }
            checksum.update(bytes)
            rest.from += UInt64(count)
        }
        return checksum.value
    }
}

extension LogVerification.Range {
    fileprivate init(_ range: LogRange) {
        self.init(epoch: hexadecimal(range.epoch), from: range.from, to: range.to)
    }
}
