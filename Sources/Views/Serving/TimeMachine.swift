import NIOCore
import NIOPosix
import ScrapeCodec

/// What `?at=TIME` answers: the scrape of a target that was in force at that time, byte for byte.
struct TimeMachine: Sendable {
    let pages: TargetPages
    let budget: PageBudget

    private var store: TargetStore { pages.store }

    func answer(_ request: TargetRequest, at text: String) async -> FollowedAnswer {
        guard let time = TimeText.milliseconds(text) else {
            return refusal(
                400, "at must be seconds since 1970 such as 1700000000.5, or 2023-11-14T22:13:20Z")
        }
        var plain = request
        plain.read.limit = .zero
        guard await store.waitUntilLoaded(atMost: request.read.limit), let target = store.target(request.read.id),
            !store.isGone(target)
        else { return FollowedAnswer(await pages.response(to: plain)) }
        guard let source = target.agent.history else {
            return refusal(503, "the history of agent \(target.agent.name) is not open yet")
        }
        let (agent, id, now) = (target.agent, target.id, store.wallClock())
        guard let lease = await budget.reserve(PageReading.maximumBytes, atMost: request.read.limit) else {
            return refusal(503, "too many pages of history are under way")
        }
        do {
            let answer = try await NIOThreadPool.singleton.runIfActive {
                // What is in force later than now, nobody knows.
                if time <= now, let scrape = try source.scrape(of: id, at: agent.scrapeTime(time)) {
                    return response(request, scrape, of: agent)
                }
                return PageResponse(failure: 404, try Self.absence(of: id, agent, source, at: time, now))
            }
            lease.settle(answer.body.readableBytes)
            return FollowedAnswer(answer, PageDelivery(lease))
        } catch {
            return refusal(503, "the history of this target cannot be read: \(error)")
        }
    }

    private func refusal(_ status: Int, _ reason: String) -> FollowedAnswer {
        FollowedAnswer(PageResponse(failure: status, reason))
    }

    private func response(_ request: TargetRequest, _ scrape: HistoryScrape, of agent: AgentState) -> PageResponse {
        let time = agent.readerTime(scrape.summary.timestamp)
        var response: PageResponse
        if scrape.summary.outcome.isSuccess {
            let body = ScrapeBody(
                sequence: 0, timestamp: scrape.summary.timestamp, readerTimestamp: time,
                contentType: scrape.summary.contentType, bytes: scrape.body,
                compressed: request.read.compressed ? Gzip.compress(scrape.body) : nil)
            response = pages.response(to: request, .body(body))
        } else {
            response = pages.response(to: request, .failure(scrape.summary.outcome))
        }
        response.lastModified = time / 1000
        return response
    }

    /// Says what is kept.
    private static func absence(
        of id: TargetID, _ agent: AgentState, _ source: any HistorySource, at time: Int64, _ now: Int64
    ) throws -> String {
        let asked = TimeText.rfc3339(milliseconds: time)
        let start = HistoryCursor(epoch: 0, offset: 0, time: .min)
        guard let oldest = source.backlog(of: id, after: start).oldest,
            let newest = try source.scrape(of: id, at: agent.scrapeTime(now))
        else { return "no scrape of this target is kept" }
        let from = TimeText.rfc3339(milliseconds: agent.readerTime(oldest))
        let to = TimeText.rfc3339(milliseconds: agent.readerTime(newest.summary.timestamp))
        return "no scrape was in force at \(asked); kept are those from \(from) to \(to)"
    }
}
