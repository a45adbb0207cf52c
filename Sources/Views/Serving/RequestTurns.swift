import NIOCore
import NIOHTTP1

/// Whose turn it is on one connection: requests for target pages are ours, all others Hummingbird's, and answers go out
/// in the order of the requests. Owns what arrived while it was not its turn.
struct RequestTurns {
    /// What arrives on a connection.
    enum Arrival {
        /// A request begins; with it what we make of it, nil when it is not ours.
        case head(HTTPRequestHead, TargetRequest?)
        /// A body, or the end of a request.
        case rest(HTTPServerRequestPart)
        /// Bytes that are no request; nothing comes behind them.
        case malformed(any Error)
        /// The reader sends no more.
        case inputClosed
        /// The server is shutting down.
        case quiesce
    }

    /// What is to be done with an arrival.
    enum Verdict {
        case passOn
        case answer(TargetRequest)
        /// Nothing: it is part of a request of ours, or comes after the last.
        case drop
        /// Nothing yet: it is kept.
        case hold
        /// It is one too many to keep.
        case refuse
    }

    private enum Regime {
        case shared
        /// A request of Hummingbird's may be the last: the rest is none of our business.
        case theirs
        /// The last answer is out or nobody takes it.
        case over
    }

    /// Requests and their ends that a reader may send ahead.
    private static let maximumHeld = 2048

    private var regime = Regime.shared
    /// A request of ours whose end has not arrived.
    private var begun: TargetRequest?
    /// One of ours is being answered.
    private(set) var isAnswering = false
    /// The rest of a request is Hummingbird's.
    private var isPassing = false
    /// Requests that Hummingbird has not answered.
    private var passed = 0
    private var held = CircularBuffer<Arrival>()

    init() {}

    /// Whether something waits for its turn.
    var isHolding: Bool { !held.isEmpty }

    /// Whether to stop reading: one answer at a time, and nothing piles up behind it.
    var holdsReads: Bool { isAnswering || isHolding }

    /// Whether Hummingbird is working on a request that has arrived as a whole.
    var isTheirTurn: Bool { passed > 0 && !isPassing }

    /// Whether a request of ours that arrives as a whole can be answered at once.
    var isFree: Bool { regime == .shared && !isAnswering && held.isEmpty && begun == nil && passed == 0 && !isPassing }

    /// A request of ours has arrived as a whole. Only while ``isFree``.
    mutating func begin() {
        isAnswering = true
    }

    /// Judges what has just arrived.
    mutating func take(_ arrival: Arrival) -> Verdict {
        guard !isAnswering, held.isEmpty else { return keep(arrival) }
        let verdict = judge(arrival)
        guard case .hold = verdict else { return verdict }
        return keep(arrival)
    }

    /// The next of what was kept, when it is its turn.
    mutating func next() -> (Arrival, Verdict)? {
        guard !isAnswering, let arrival = held.first else { return nil }
        let verdict = judge(arrival)
        if case .hold = verdict { return nil }
        held.removeFirst()
        return (arrival, verdict)
    }

    /// Our answer is out.
    ///
    /// - Parameter isLast: nothing more is answered on this connection.
    mutating func answered(isLast: Bool) {
        isAnswering = false
        if isLast { regime = .over }
    }

    /// Hummingbird's answer is out.
    mutating func theirsAnswered() {
        if passed > 0 { passed -= 1 }
    }

    /// The connection is gone or going.
    mutating func end() {
        regime = .over
        begun = nil
        isAnswering = false
        held.removeAll()
    }

    private mutating func keep(_ arrival: Arrival) -> Verdict {
        guard held.count < Self.maximumHeld else { return .refuse }
        held.append(arrival)
        return .hold
    }

    private mutating func judge(_ arrival: Arrival) -> Verdict {
        switch arrival {
        case .inputClosed, .quiesce: return .passOn
        case _ where regime == .over: return .drop
        case .malformed:
            regime = .theirs
            return .passOn
        case .head(_, let request?) where regime == .shared:
            guard passed == 0 else { return .hold }
            begun = request
            return .drop
        case .head(let head, _):
            passed += 1
            isPassing = true
            if !Self.isKeptAlive(head) { regime = .theirs }
            return .passOn
        case .rest(let part):
            guard case .end = part else { return isPassing ? .passOn : .drop }
            if isPassing {
                isPassing = false
                return .passOn
            }
            guard let request = begun else { return .drop }
            begun = nil
            isAnswering = true
            return .answer(request)
        }
    }

    /// Whether Hummingbird certainly goes on to the next request after this one.
    private static func isKeptAlive(_ head: HTTPRequestHead) -> Bool {
        head.version == .http1_1 && head.method != .CONNECT
            && head.headers["connection"].allSatisfy { $0 == "keep-alive" }
    }
}
