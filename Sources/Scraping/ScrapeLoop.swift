import Exposition
import HTTPClient
import NIOCore
import Relabeling
import ScrapeCodec
import SeriesRules

/// The scrapes of one target, one after the other.
///
/// Owns the target's place in the timer, its request and HTTP client, and at most one scrape under way; every attempt ends in one record given to
/// `onResult`, unless the loop was stopped. Confined to its event loop.
final class ScrapeLoop: TimedWork {
    /// The process-wide number of the target.
    let reference: UInt32
    private(set) var target: Target
    /// Ticks passed over because a scrape took too long.
    private(set) var skippedTicks: UInt64 = 0

    private let environment: ScrapeEnvironment
    private let onResult: (UInt32, ScrapeRecord) -> Void
    private var schedule: ScrapeSchedule
    private var timer: LoopTimer.Ticket?
    private var client: HTTPClient?
    private var source: ScrapeSource
    private var request: Result<HTTPRequest, HTTPClientError>
    /// What the job asks of the series in bodies; nil when they are left alone.
    private var rules: SeriesRules?
    private var isScraping = false
    private var isStopped = false
    private var isHeld = false
    private var farewell: Farewell?

    /// The last scrape before the process ends.
    private struct Farewell {
        let promise: EventLoopPromise<Void>
        let deadline: NIODeadline
        /// Whether the scrape under way had its time cut short: then a timeout says nothing about the target.
        var isCutShort = false
        var timer: Scheduled<Void>?
    }

    init(
        target: Target, reference: UInt32, environment: ScrapeEnvironment,
        onResult: @escaping (UInt32, ScrapeRecord) -> Void
    ) {
        self.target = target
        self.reference = reference
        self.environment = environment
        self.onResult = onResult
        schedule = ScrapeSchedule(
            hash: TargetIdentity(target).stableHash, seed: environment.seed, interval: target.interval)
        source = environment.source(target)
        request = environment.request(for: target)
        takeRules()
    }

    /// The rules that count now, with what they know as long as they are the same.
    private func takeRules() {
        guard let policy = environment.seriesPolicy(target) else { return rules = nil }
        if let rules, rules.policy == policy, rules.targetLabels == target.labels { return }
        rules = SeriesRules(policy: policy, targetLabels: target.labels)
    }

    /// Begins: within a second when the target appeared while running, else on its phase.
    func start(appearing: Bool) {
        let wall = environment.clock.now()
        wait(for: appearing ? schedule.firstSoon(wall: wall) : schedule.firstOnPhase(wall: wall))
    }

    /// Takes over what may change of a target without making it another one. A scrape under way is not disturbed.
    func retune(_ target: Target) {
        let hadInterval = self.target.interval
        self.target = target
        reloadTLS()
        guard hadInterval != target.interval else { return }
        schedule.retune(interval: target.interval)
        guard timer != nil else { return }
        cancelTimer()
        wait(for: nextStart())
    }

    /// Uses the certificates, credentials and rules the environment gives now, from the next scrape on.
    func reloadTLS() {
        takeRules()
        request = environment.request(for: target)
        client?.replaceTLS(environment.tlsContext(target), serverName: environment.serverName(target))
        client?.replaceSettings(environment.httpSettings(target))
    }

    /// Starts no scrape by itself any more; a scrape under way goes on.
    func hold() {
        isHeld = true
        cancelTimer()
    }

    /// Scrapes a last time, or lets the scrape under way be the last; the future completes then, at `deadline` at the
    /// latest. No failure is recorded that only the deadline caused.
    func finalScrape(deadline: NIODeadline) -> EventLoopFuture<Void> {
        if let farewell { return farewell.promise.futureResult }
        guard !isStopped else { return environment.eventLoop.makeSucceededVoidFuture() }
        hold()
        var farewell = Farewell(promise: environment.eventLoop.makePromise(of: Void.self), deadline: deadline)
        farewell.timer = environment.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) { self.stop() }
        self.farewell = farewell
        if !isScraping { scrape() }
        return farewell.promise.futureResult
    }

    /// Ends everything at once; no more results.
    func stop() {
        guard !isStopped else { return }
        isStopped = true
        cancelTimer()
        client?.close()
        client = nil
        farewell?.timer?.cancel()
        farewell?.promise.succeed()
        farewell = nil
    }

    // MARK: One scrape

    private func wait(for start: ScrapeSchedule.Start) {
        skippedTicks &+= UInt64(clamping: start.skipped)
        timer = environment.starts.schedule(self, at: environment.eventLoop.now + .milliseconds(start.delay))
    }

    private func cancelTimer() {
        if let timer { environment.starts.cancel(timer) }
        timer = nil
    }

    /// The start has come.
    func timeArrived() {
        timer = nil
        scrape()
    }

    private func scrape() {
        guard !isStopped, !isScraping else { return }
        isScraping = true
        let began = environment.eventLoop.now
        let times = schedule.begin(wall: environment.clock.now(), monotonic: Self.milliseconds(began))
        guard target.refusal.isEmpty else {
            return finish(
                times, began: began, .failure(ScrapeOutcome(code: .bodyTooLarge, message: target.refusal)))
        }
        switch source {
        case .inProcess(let make):
            let (contentType, body) = make()
            finish(times, began: began, .success((contentType, body)))
        case .http:
            fetch(times, began: began)
        }
    }

    private func fetch(_ times: ScrapeSchedule.Times, began: NIODeadline) {
        let request: HTTPRequest
        switch self.request {
        case .success(let made): request = made
        case .failure(let error): return finish(times, began: began, .failure(ScrapeOutcome(error)))
        }
        var deadline = began + .milliseconds(max(target.timeout, 1))
        if let end = farewell?.deadline, end < deadline {
            deadline = end
            farewell?.isCutShort = true
        }
        connectedClient().get(
            request, deadline: deadline, bodyLimit: target.bodySizeLimit, followRedirects: target.followRedirects
        ) { result in
            self.finish(times, began: began, result.map { ($0.contentType, $0.body) }.mapError { ScrapeOutcome($0) })
        }
    }

    private func finish(
        _ times: ScrapeSchedule.Times, began: NIODeadline,
        _ result: Result<(contentType: String, body: ByteBuffer), ScrapeOutcome>
    ) {
        isScraping = false
        guard !isStopped else { return }
        let microseconds = (environment.eventLoop.now - began).nanoseconds / 1000
        var record = ScrapeRecord(
            scheduled: times.scheduled, timestamp: times.timestamp, duration: UInt32(clamping: microseconds),
            outcome: .success, contentType: "", body: ByteBuffer())
        switch result {
        case .success(let (contentType, body)):
            record.contentType = known(contentType)
            record.body = body
            applyRules(to: &record)
            onResult(reference, record)
        case .failure(let outcome):
            record.outcome = outcome
            if !(farewell?.isCutShort == true && [.timedOut, .overloaded].contains(outcome.code)) {
                onResult(reference, record)
            }
        }
        // The receiver of the result may have stopped or retuned this loop.
        if isStopped { return }
        if farewell != nil { return stop() }
        guard timer == nil, !isHeld else { return }
        wait(for: nextStart())
    }

    private func applyRules(to record: inout ScrapeRecord) {
        guard let rules else { return }
        guard ContentType(record.contentType).hasLines else {
            record.outcome = ScrapeOutcome(
                code: .badEncoding, message: "target answered in protobuf, to which the job's rules cannot be applied")
            record.contentType = ""
            record.body = ByteBuffer()
            return
        }
        let outcome = rules.apply(to: record.body, contentType: record.contentType)
        record.body = outcome.body
        record.counts = Self.counts(outcome)
        guard let failure = outcome.failure else { return }
        record.outcome = ScrapeOutcome(failure)
        record.contentType = ""
        record.body = ByteBuffer()
    }

    /// How many samples there were, where the body that is left does not show it.
    private static func counts(_ outcome: SeriesRules.Outcome) -> SampleCounts? {
        guard outcome.scraped > 0, outcome.kept >= 0, outcome.failure != nil || outcome.kept != outcome.scraped else {
            return nil
        }
        return SampleCounts(scraped: UInt32(clamping: outcome.scraped), kept: UInt32(clamping: outcome.kept))
    }

    /// What the body is taken for.
    private func known(_ contentType: String) -> String {
        guard !target.fallbackContentType.isEmpty, ContentType(contentType) == .other else { return contentType }
        return target.fallbackContentType
    }

    private func nextStart() -> ScrapeSchedule.Start {
        schedule.next(
            wall: environment.clock.now(), monotonic: Self.milliseconds(environment.eventLoop.now))
    }

    private func connectedClient() -> HTTPClient {
        if let client { return client }
        let made = environment.makeClient(for: target)
        client = made
        return made
    }

    private static func milliseconds(_ time: NIODeadline) -> Int64 {
        Int64(time.uptimeNanoseconds / 1_000_000)
    }
}
