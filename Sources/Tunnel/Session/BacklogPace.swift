import NIOCore

/// How much backlog may be under way: so much that live data behind it wait a fraction of a second, whatever buffers there
/// are on the way.
///
/// Neither the socket nor the credit shows how long a slow link takes for what it was given: kernels and routers hold
/// megabytes. So every portion of backlog is followed by a ping; its answer says that the portion has arrived and been
/// applied, and how long that took beyond the shortest round trip seen. The window grows while that is little and shrinks
/// when it is much.
struct BacklogPace: Sendable {
    private struct Mark {
        var sequence: UInt32
        var bytes: UInt64
        var sent: NIODeadline
    }

    /// Raw log bytes that may be under way at first.
    static let firstWindow: UInt64 = 64 << 10
    static let leastWindow: UInt64 = 32 << 10
    static let largestWindow: UInt64 = UInt64(Protocol.initialCredit) / 2
    /// The delay beyond the shortest round trip from which on the window shrinks; below half of it, it grows.
    static let largestDelay = TimeAmount.milliseconds(500)
    /// Portions under way, however small they are: a collector takes only so many pings a second.
    private static let largestMarks = 64
    /// An answer may be left out by a collector whose socket is full: after this long another is asked for.
    private static let patience = TimeAmount.seconds(1)

    private(set) var window = Self.firstWindow
    /// Sent, and not known to have arrived.
    private(set) var underWay: UInt64 = 0
    private var marks: [Mark] = []
    private var shortest: TimeAmount?
    /// The window has shrunk for what was sent before this.
    private var settledAt: NIODeadline?

    /// Whether another portion may go.
    var hasRoom: Bool { underWay < window && marks.count < Self.largestMarks }

    /// The most bytes that one portion should have: some portions make a window, so that live data get in between.
    var portion: UInt64 { min(UInt64(Protocol.maximumAppend), max(16 << 10, window / 4)) }

    /// A portion was sent, and a ping with this sequence number behind it.
    mutating func sent(_ bytes: UInt64, mark sequence: UInt32, now: NIODeadline) {
        underWay += bytes
        marks.append(Mark(sequence: sequence, bytes: bytes, sent: now))
    }

    /// A ping was answered. False when it was not one of these.
    mutating func answered(_ sequence: UInt32, now: NIODeadline) -> Bool {
        guard let index = marks.firstIndex(where: { $0.sequence == sequence }) else { return false }
        let sent = marks[index].sent
        let arrived = marks[...index].reduce(0) { $0 + $1.bytes }
        marks.removeSubrange(...index)
        underWay -= min(underWay, arrived)
        let roundTrip = now - sent
        let least = min(roundTrip, shortest ?? roundTrip)
        shortest = least
        let delay = roundTrip - least
        if delay > Self.largestDelay {
            // Once per round trip: what is under way was sent by the old measure.
            if settledAt.map({ sent >= $0 }) ?? true {
                window = max(Self.leastWindow, window / 2)
                settledAt = now
            }
        } else if delay < Self.largestDelay / 2 {
            window = min(Self.largestWindow, window + arrived)
        }
        return true
    }

    /// Whether answers are overdue and a ping of its own should ask again.
    func isOverdue(now: NIODeadline) -> Bool {
        guard let last = marks.last else { return false }
        return now - last.sent >= Self.patience
    }
}

extension TimeAmount {
    fileprivate static func / (amount: TimeAmount, divisor: Int64) -> TimeAmount {
        .nanoseconds(amount.nanoseconds / divisor)
    }
}
