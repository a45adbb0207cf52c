/// Figures about a replica, for metrics and log lines. Counters count since it was opened.
package struct ReplicaLogStatistics: Sendable, Hashable {
    package var bytesHeld: UInt64 = 0
    package var segments = 0
    package var epochs = 0
    /// What the positions of records cost in memory, bytes.
    package var indexBytes = 0
    /// Bytes cut off when the replica was opened; the agent sends them again if it still has them.
    package var repairedBytes: UInt64 = 0
    /// Files set aside when the replica was opened: unreadable, unknown version, or from another log.
    package var setAsideSegments = 0
    /// Segments whose reading stopped at a record that was no good.
    package var damagedSegments: UInt64 = 0
}
