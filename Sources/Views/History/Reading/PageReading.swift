import Exposition
import NIOCore
import ScrapeCodec

/// Makes the next page of one target's history out of what its source gives. Blocks on the disk; keeps nothing.
struct PageReading {
    /// Successful scrapes a page goes past at most, and its bytes: only a page of one scrape may be longer.
    static let maximumScrapes = 20
    static let maximumBytes = 4 << 20

    /// Milliseconds that a scrape may be ahead of our clock and is waited for; beyond, its clock is not to be believed.
    private static let patience: Int64 = 5_000
    /// The same when the collector's own clock was set back.
    private static let longestPatience: Int64 = 600_000

    let target: TargetID
    let agent: AgentState
    let grammar: PrometheusGrammar
    /// Milliseconds since the Unix epoch, our clock.
    let now: Int64
    /// Of the reader, milliseconds.
    let maxAge: Int64

    /// A page and what stands on it.
    struct Result: Sendable {
        /// Empty when nothing was given.
        var bytes: [UInt8] = []
        /// As the target sent it.
        var contentType = ""
        var counts = PageCounts()
        /// Behind the page; nil while the target has no scrape.
        var cursor: HistoryCursor?
        /// The time of the last sample, as the reader sees it.
        var emitted: Int64 = .min
        /// Behind the first scrape that was looked at.
        var first: HistoryCursor?
        /// Whether scrapes were gone past, given or not.
        var hasPassed = false
    }

    /// - Throws: what the source throws.
    func page(from place: TargetCursor.Place, _ source: any HistorySource) throws -> Result {
        var result = Result(cursor: place.cursor, emitted: place.emitted)
        var page: HistoryPage?
        var isCut = false
        func take(_ scrape: HistoryScrape) -> Bool {
            if result.first == nil {
                result.first = scrape.cursor
                result.first?.checkpoint = nil
            }
            let verdict = add(scrape, to: &page, &result)
            isCut = verdict == .stopBefore
            guard !isCut else { return false }
            result.cursor = scrape.cursor
            result.hasPassed = true
            return verdict == .goOn
        }
        var from = place.cursor
        if place.owesFirst, let cursor = from, cursor.time >= oldest,
            let scrape = try? source.scrape(of: target, at: cursor.time), scrape.cursor == cursor
        {
            guard take(scrape) else { return finish(page, &result) }
            from = result.cursor
        }
        let reading = try source.read(target, after: from, notBefore: oldest, take)
        if !isCut { result.cursor = reading.cursor ?? result.cursor }
        result.counts.tooOld = reading.skipped
        result.counts.unreadable = reading.unreadable
        return finish(page, &result)
    }

    private func finish(_ page: consuming HistoryPage?, _ result: inout Result) -> Result {
        if let page, page.count > 0 { result.bytes = page.finish() }
        return result
    }

    /// In the agent's clock: as old as a scrape may be.
    private var oldest: Int64 {
        let limit = now.subtractingReportingOverflow(maxAge)
        return agent.scrapeTime(limit.overflow ? 0 : limit.partialValue)
    }

    private enum Verdict { case goOn, stop, stopBefore }

    private func add(_ scrape: HistoryScrape, to page: inout HistoryPage?, _ result: inout Result) -> Verdict {
        // A scrape that failed is simply absent.
        guard scrape.summary.outcome.isSuccess else { return .goOn }
        let format = ContentType(scrape.summary.contentType)
        guard format != .protobuf else {
            result.counts.protobuf += 1
            return .goOn
        }
        if page != nil, result.contentType != scrape.summary.contentType { return .stopBefore }
        guard let time = time(of: scrape, after: result.emitted) else { return .stopBefore }
        guard time > result.emitted else {
            result.counts.future += 1
            return .goOn
        }
        var current = page ?? HistoryPage(format: format, grammar: grammar, now: now)
        // Nobody else holds it while it grows.
        page = nil
        result.contentType = scrape.summary.contentType
        let isTaken = unsafe scrape.body.withUnsafeReadableBytes { unsafe current.add($0, milliseconds: time) }
        if isTaken, current.byteCount > Self.maximumBytes, current.count > 1 {
            current.removeLast()
            page = current
            return .stopBefore
        }
        if isTaken {
            result.counts.given += 1
            result.emitted = time
        } else {
            result.counts.rejected += 1
        }
        let isFull =
            result.counts.given + result.counts.rejected >= Self.maximumScrapes
            || current.byteCount >= Self.maximumBytes
        page = current
        return isFull ? .stop : .goOn
    }

    /// The time a scrape's samples get, later than those of the scrape before: the agent's estimate of its clock may have
    /// moved. Nil for a scrape whose time comes soon; one not later than `last` for a scrape that can have none.
    private func time(of scrape: HistoryScrape, after last: Int64) -> Int64? {
        let exact = agent.readerTime(scrape.summary.timestamp)
        let ahead = exact.subtractingReportingOverflow(now)
        if !ahead.overflow, ahead.partialValue > 0, ahead.partialValue <= Self.patience { return nil }
        let time = min(exact, now)
        guard time <= last else { return time }
        if last < now { return last + 1 }
        // Our clock was set back, or the page has reached now: a time comes soon, unless it was set back by much.
        return last.subtractingReportingOverflow(now).partialValue <= Self.longestPatience ? nil : last
    }
}
