import ScrapeLog

/// Decides when the operator is told how much outage the log still covers: once when it is first known, and once each time
/// it falls below an hour while a collector is away.
struct RunwayWatch {
    enum Notice: Hashable {
        /// The first figure after the start.
        case known
        case low
    }

    /// Seconds below which an outage is about to cost data.
    static let low = 3_600.0
    /// Above this it is over: a figure that moves around the limit is told once.
    private static let high = 4_500.0

    /// For a log line: hours or minutes.
    static func text(_ runway: Runway) -> String {
        guard let seconds = runway.seconds, seconds < 100 * 365 * 86_400 else { return "unlimited" }
        guard seconds >= 600 else { return "\(Int(seconds)) s" }
        return seconds >= 7_200 ? "\(Int(seconds / 3_600)) h" : "\(Int(seconds / 60)) min"
    }

    private var isKnown = false
    private var isLow = false

    /// - Parameters:
    ///   - rate: bytes a second; nil while it is not known.
    ///   - isDisconnected: whether some collector is away.
    mutating func observe(_ runway: Runway, isRateKnown: Bool, isDisconnected: Bool) -> Notice? {
        guard isRateKnown else { return nil }
        let seconds = runway.seconds ?? .infinity
        if !isDisconnected || seconds > Self.high { isLow = false }
        if isDisconnected, seconds < Self.low, !isLow {
            isLow = true
            isKnown = true
            return .low
        }
        guard !isKnown else { return nil }
        isKnown = true
        return .known
    }
}
