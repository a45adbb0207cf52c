import Exposition
import NIOCore
import NIOPosix
import ScrapeCodec

/// What `?history=NAME` answers: the flow of one read, from who asks to the page and its status.
struct HistoryPages: Sendable {
    /// One request, its headers understood.
    struct Request: Sendable {
        var target: TargetID
        var name: String
        /// Shows what a read would give, and moves nothing.
        var isPeek: Bool
        var reader: Reader
        /// How long it waits, what it accepts.
        var plain: TargetRequest
    }

    let history: History
    let pages: TargetPages
    let budget: PageBudget

    private var store: TargetStore { pages.store }

    func answer(_ request: Request) async -> FollowedAnswer {
        guard history.isDeclared(request.name) else { return FollowedAnswer(Self.unknown(request.name)) }
        var plain = request.plain
        let deadline = ContinuousClock.now + plain.read.limit
        // The plain read's rules for what is not there (yet): nothing to wait for is asked twice.
        guard await store.waitUntilLoaded(atMost: plain.read.limit) else {
            plain.read.limit = .zero
            return FollowedAnswer(await pages.response(to: plain))
        }
        guard let target = store.target(request.target), !store.isGone(target) else {
            plain.read.limit = .zero
            return FollowedAnswer(await pages.response(to: plain))
        }
        switch history.admit(request.name, address: request.reader.address, isPeek: request.isPeek) {
        case .unknown: return FollowedAnswer(Self.unknown(request.name))
        case .conflict(let other): return FollowedAnswer(Self.conflict(request, other))
        case .admitted(let key, let maxAge):
            let slot = History.Slot(reader: request.name, key: key, target: target.id)
            return await read(request, target, slot, maxAge: maxAge, until: deadline)
        }
    }

    private func read(
        _ request: Request, _ target: TargetState, _ slot: History.Slot, maxAge: Int64,
        until deadline: ContinuousClock.Instant
    ) async -> FollowedAnswer {
        let last = history.delivery(slot)
        let read = await last?.isRead() == true ? last : nil
        let place: TargetCursor.Place
        if request.isPeek {
            place = history.glance(slot, read: read)
        } else if let begun = history.begin(slot, of: target.agent.name, read: read) {
            place = begun
        } else {
            return FollowedAnswer(Self.unknown(request.name))
        }
        guard let source = target.agent.history else {
            return FollowedAnswer(
                PageResponse(failure: 503, "the history of agent \(target.agent.name) is not open yet"))
        }
        if !request.isPeek { await waitForScrape(request, target, place, source, until: deadline) }
        let reading = PageReading(
            target: target.id, agent: target.agent, grammar: PrometheusGrammar(accept: request.plain.accept),
            now: store.wallClock(), maxAge: maxAge)
        let isGzipped = request.plain.read.compressed
        let rest = deadline - ContinuousClock.now
        guard let lease = await budget.reserve(PageReading.maximumBytes, atMost: rest) else {
            return FollowedAnswer(PageResponse(failure: 503, "too many pages of history are under way"))
        }
        do {
            let (page, body) = try await NIOThreadPool.singleton.runIfActive {
                let page = try reading.page(from: place, source)
                return (page, Self.body(page, gzipped: isGzipped))
            }
            lease.settle(page.counts.given > 0 ? max(page.bytes.count, body.bytes.readableBytes) : 0)
            let delivery = PageDelivery(lease)
            if !request.isPeek, history.give(page, to: slot, of: target.agent.name, from: place, delivery) {
                await history.keep(atMost: deadline - ContinuousClock.now)
            }
            return FollowedAnswer(response(request, target, place, page, body), delivery)
        } catch {
            return FollowedAnswer(PageResponse(failure: 503, "the history of this target cannot be read: \(error)"))
        }
    }

    /// Waits for a scrape that is under way, as a plain read does, unless there is a whole page to give without it.
    private func waitForScrape(
        _ request: Request, _ target: TargetState, _ place: TargetCursor.Place, _ source: any HistorySource,
        until deadline: ContinuousClock.Instant
    ) async {
        let sequence = target.sequence
        let now = target.agent.agentTime(store.wallClock())
        guard case .wait(let until) = target.decide(reader: readerKey(request), now: now) else { return }
        if let cursor = place.cursor {
            let id = target.id
            let backlog = try? await NIOThreadPool.singleton.runIfActive {
                source.backlog(of: id, after: cursor).scrapes
            }
            guard backlog ?? 0 < PageReading.maximumScrapes else { return }
        }
        let rest = max(0, until.subtractingReportingOverflow(now).partialValue)
        let patience = max(.zero, deadline - ContinuousClock.now)
        await target.next(after: sequence, atMost: min(patience, .milliseconds(rest)))
    }

    /// The number under which a target remembers what it gave this reader last.
    private func readerKey(_ request: Request) -> UInt64 {
        request.reader.key(userAgent: "?history=\(request.name)")
    }

    // MARK: Answers

    /// The page's bytes, gzipped or not. Takes its time.
    private static func body(_ page: PageReading.Result, gzipped: Bool) -> (bytes: ByteBuffer, isGzipped: Bool) {
        let bytes = ByteBuffer(bytes: page.bytes)
        guard gzipped, let compressed = Gzip.compress(bytes) else { return (bytes, false) }
        return (compressed, true)
    }

    private func response(
        _ request: Request, _ target: TargetState, _ place: TargetCursor.Place, _ page: PageReading.Result,
        _ body: (bytes: ByteBuffer, isGzipped: Bool)
    ) -> PageResponse {
        let shortcoming = target.shortcoming(for: readerKey(request), at: store.now)
        guard page.counts.given == 0 else {
            // Whatever the target called its text, this page is text.
            let type = ContentType(page.contentType) == .other ? WebRoutes.textFormat : page.contentType
            return PageResponse(contentType: type, isGzipped: body.isGzipped, body: body.bytes)
        }
        if let shortcoming { return pages.response(to: request.plain, shortcoming) }
        if page.counts.protobuf > 0 || target.newest.map({ ContentType($0.record.contentType) }) == .protobuf {
            return PageResponse(
                failure: 406, "this target answers in protobuf, of which there is no history in text")
        }
        let isUnchanged = page.first == nil
        if page.counts.rejected > 0 || (isUnchanged && place.isRejected) {
            return PageResponse(failure: 502, "target: Prometheus would refuse what it answers")
        }
        return PageResponse(contentType: WebRoutes.textFormat, body: ByteBuffer())
    }

    private static func conflict(_ request: Request, _ other: String) -> PageResponse {
        PageResponse(
            failure: 409,
            "reader \(request.name) reads from \(other) too: give each its own reader, or set key: address")
    }

    /// The answer for a reader that is not declared, with the lines that declare it.
    static func unknown(_ name: String) -> PageResponse {
        let isName = name.utf8.allSatisfy { byte in
            (0x61...0x7A).contains(byte) || (0x30...0x39).contains(byte) || "._-".utf8.contains(byte)
        }
        let shown = isName && (1...63).contains(name.utf8.count) ? name : "prom-a"
        var response = PageResponse(failure: 404, "no reader of history is called \(shown == name ? name : "so")")
        response.body.writeString(
            """
            Add to the collector's configuration and reload it:

            history:
              readers:
                - name: \(shown)

            """)
        return response
    }
}

extension TargetStore {
    /// Whether a target was withdrawn so long ago that it is not answered for any more.
    func isGone(_ target: TargetState) -> Bool {
        target.withdrawnAt.map { now.steady - $0 >= Self.withdrawnFor } ?? false
    }
}
