package import Relabeling
import Synchronization

/// One agent at the collector: its connection, its clock, what it announced. Thread-safe.
package final class AgentState: Sendable {
    /// What an operator sees of an agent.
    package struct Facts: Sendable {
        /// Whether the configuration names it (as opposed to: any valid certificate may connect).
        package var isConfigured = false
        /// Whether target lists wait for it: it is configured, or its replica is on disk.
        package var isExpected = false
        package var isConnected = false
        package var peer: String?
        package var build: String?
        package var connectedSince: Int64?
        /// Milliseconds, collector's clock; nil when it was never seen.
        package var lastSeen: Int64?
        /// The reason the last connection ended.
        package var lastDisconnect: String?
        /// Agent's clock minus the collector's, microseconds; nil while unknown.
        package var skew: Int64?
        /// Unix seconds.
        package var certificateNotAfter: Int64?
        /// When the newest scrape ended, milliseconds, agent's clock.
        package var newestScrape: Int64?
        /// A complete target table has been applied.
        package var hasAnnounced = false
    }

    package let name: String
    private let stampLabels: Mutex<Labels>
    private let facts = Mutex(Facts())
    private let logVerifier = Mutex<(@Sendable () async throws -> LogVerification)?>(nil)
    private let historySource = Mutex<(any HistorySource)?>(nil)
    /// What readers' times are behind the agent's, milliseconds.
    private let readerShift = Mutex<Int64>(0)

    init(name: String, stamps: Labels) {
        self.name = name
        self.stampLabels = Mutex(stamps)
    }

    /// Stamped on all its data.
    package var stamps: Labels { stampLabels.withLock { $0 } }

    package func restamp(_ stamps: Labels) {
        stampLabels.withLock { $0 = stamps }
    }

    /// Where its scrapes are kept; nil until its replica has been opened.
    package var history: (any HistorySource)? { historySource.withLock { $0 } }

    package func keepHistory(in source: any HistorySource) {
        historySource.withLock { $0 = source }
    }

    /// Compares the copy of its log with the log itself; nil until its replica has been opened.
    package var verifier: (@Sendable () async throws -> LogVerification)? { logVerifier.withLock { $0 } }

    package func verify(with verifier: @escaping @Sendable () async throws -> LogVerification) {
        logVerifier.withLock { $0 = verifier }
    }

    package var current: Facts { facts.withLock { $0 } }

    package func update(_ change: (inout Facts) -> Void) {
        facts.withLock { change(&$0) }
    }

    /// A collector time in the agent's clock; milliseconds.
    package func agentTime(_ now: Int64) -> Int64 {
        let skew = facts.withLock { $0.skew } ?? 0
        return now.addingReportingOverflow(skew / 1000).partialValue
    }

    /// An agent time for readers: shifted by the skew when that exceeds five seconds; milliseconds.
    ///
    /// The shift follows the skew in steps of a second: an estimate that moves a little must not give one scrape two times.
    package func readerTime(_ time: Int64) -> Int64 {
        time.subtractingReportingOverflow(shift).partialValue
    }

    /// The agent time that readers see as this one; milliseconds.
    package func scrapeTime(_ time: Int64) -> Int64 {
        time.addingReportingOverflow(shift).partialValue
    }

    private var shift: Int64 {
        let skew = facts.withLock { $0.skew } ?? 0
        let wanted = skew.magnitude > 5_000_000 ? skew / 1000 : 0
        return readerShift.withLock { shift in
            if shift.subtractingReportingOverflow(wanted).partialValue.magnitude > 1_000 { shift = wanted }
            return shift
        }
    }

    /// The age of an agent time by the agent's clock, milliseconds; negative for the future.
    package func age(of time: Int64, at now: Moment) -> Int64 {
        agentTime(now.wall).subtractingReportingOverflow(time).partialValue
    }

    /// How far the newest data is behind, in seconds; 0 while it is as fresh as the interval allows.
    package func backlogSeconds(now: Moment, shortestInterval: Int64) -> Double {
        guard let newest = current.newestScrape else { return 0 }
        let age = age(of: newest, at: now)
        return age <= shortestInterval.addingReportingOverflow(2_000).partialValue ? 0 : Double(age) / 1000
    }

    func nothingYet() -> TargetReading {
        let facts = current
        return .unavailable(
            status: 503,
            reason: facts.isConnected
                ? "agent \(name) has not scraped this target yet"
                : "agent \(name) is not connected and has not scraped this target yet")
    }

    func stale(waited age: Int64) -> TargetReading {
        let seconds = age / 1000
        return .unavailable(
            status: 503,
            reason: current.isConnected
                ? "agent \(name) is connected but its last scrape is \(seconds) s old"
                : "agent \(name) is not connected; last scrape \(seconds) s ago")
    }
}
