/// What a history source keeps in a cursor to go on faster. Only the source that made it looks inside.
package protocol HistoryCheckpoint: Sendable {
    /// Bytes it keeps that nothing else does.
    var cost: Int { get }
}
