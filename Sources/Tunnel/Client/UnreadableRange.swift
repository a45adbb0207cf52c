package import ScrapeLog

/// What becomes of a part of the log that could not be read.
package enum UnreadableRange: Sendable, Hashable {
    /// It is tried again in a while; meanwhile the connection goes on behind it. The range ends where a segment does,
    /// because a collector takes nothing else behind a hole.
    case postponed(LogRange)
    /// It is given up; this is to be announced.
    case abandoned(Frame.Gap)
    /// The log does not know it any more: positions have to be learned anew.
    case gone
}
