package import NIOCore
package import ScrapeLog

/// The log as the agent's tunnel sees it. Used on the agent's event loop only.
package protocol TunnelSource: AnyObject {
    /// What is held, oldest epoch first, the current one last.
    var held: [LogRange] { get }
    /// What of it the collector at `address` can read.
    func held(for address: String) -> [LogRange]
    /// The log format version in use.
    var logVersion: UInt16 { get }
    /// The collector at `address` has just welcomed us and reads these format versions, the one in use among them.
    func reads(_ address: String, versions: [UInt16])
    /// The collector at `address` does not read the format version in use. Whether another one is now.
    func refusesVersion(_ address: String) -> Bool
    /// Appends bytes of `range`, from its start on, to `buffer`; at most `maximum`, at least one. Throws when the start
    /// is no longer held.
    func read(_ range: LogRange, maximum: Int, into buffer: inout ByteBuffer) throws -> Int
    /// The collector at `address` holds these ranges durably.
    func acknowledged(by address: String, _ ranges: [LogRange])
    /// The collector at `address` has just welcomed us and holds exactly this.
    func welcomed(by address: String, holding ranges: [LogRange])
    /// The collector that has just welcomed us lacks `ranges`, oldest first. Where live data begin, when so much is lacking
    /// that they should not wait for it; nil when all can go in order. A place where a segment begins, because a
    /// collector takes nothing else behind a hole.
    func liveStart(for address: String, lacking ranges: [LogRange]) -> LiveStart?
    /// The collector confirmed that it knows of these gaps.
    func confirmed(_ gaps: [Frame.Gap], by address: String)
    /// Ranges dropped before the collector at `address` had them; each is handed out once.
    func takeGaps(for address: String) -> [Frame.Gap]
    /// These gaps were announced, but the connection ended before the collector confirmed them.
    func returnGaps(_ gaps: [Frame.Gap], for address: String)
    /// What begins at the start of `range` could not be read, although it is held: what to do without it.
    func unreadable(_ range: LogRange, _ error: any Error, now: NIODeadline) -> UnreadableRange
    /// The collector says that what begins at the start of `range` is damaged: gives it up likewise, if it really is.
    func abandonDamaged(_ range: LogRange) -> Frame.Gap?
    /// The collector holds more of the current epoch than we do: continue under a new one.
    func beginEpoch()
    /// Where an earlier segment of the same epoch is probably much like this range: a good prefix. It can be read, even
    /// if it is not among what is held any more. Nil when there is no such place.
    func counterpart(of range: LogRange) -> LogRange?
}

extension TunnelSource {
    package func held(for address: String) -> [LogRange] { held }
    package func reads(_ address: String, versions: [UInt16]) {}
    package func refusesVersion(_ address: String) -> Bool { false }
    package func liveStart(for address: String, lacking ranges: [LogRange]) -> LiveStart? { nil }
    package func confirmed(_ gaps: [Frame.Gap], by address: String) {}
    package func counterpart(of range: LogRange) -> LogRange? { nil }
}
