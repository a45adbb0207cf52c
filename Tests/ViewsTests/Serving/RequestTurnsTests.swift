import NIOCore
import NIOHTTP1
import Relabeling
import Testing

@testable import Views

/// The order of answers on one connection.
@Suite struct RequestTurnsTests {
    private let ours = TargetRequest(
        read: PlainRead(
            id: TargetID(
                agent: "a",
                target: TargetDescription(
                    labels: Labels([]), jobName: "j", url: "http://a/", address: "a", interval: 1, timeout: 1,
                    honorLabels: false)), reader: 1, limit: .zero, compressed: false),
        timestamps: false, accept: [])

    /// One word for each verdict.
    private func word(_ verdict: RequestTurns.Verdict) -> String {
        switch verdict {
        case .passOn: "on"
        case .answer: "answer"
        case .drop: "-"
        case .hold: "hold"
        case .refuse: "refuse"
        }
    }

    private func head(_ isOurs: Bool, _ headers: [(String, String)] = []) -> RequestTurns.Arrival {
        .head(
            HTTPRequestHead(version: .http1_1, method: .GET, uri: "/", headers: HTTPHeaders(headers)),
            isOurs ? ours : nil)
    }

    private func body() -> RequestTurns.Arrival { .rest(.body(ByteBuffer(string: "a"))) }
    private func end() -> RequestTurns.Arrival { .rest(.end(nil)) }

    private func rest(_ turns: inout RequestTurns) -> [String] {
        var words: [String] = []
        while let (_, verdict) = turns.next() { words.append(word(verdict)) }
        return words
    }

    @Test func `a request of ours is answered when it has arrived, and what follows waits`() {
        var turns = RequestTurns()
        #expect(
            [head(true), end(), head(false), end()].map { word(turns.take($0)) } == ["-", "answer", "hold", "hold"])
        #expect(turns.holdsReads && rest(&turns).isEmpty)
        turns.answered(isLast: false)
        #expect(rest(&turns) == ["on", "on"])
        #expect(turns.isTheirTurn && !turns.holdsReads)
    }

    @Test func `ours waits for the answers before it, theirs do not wait for each other`() {
        var turns = RequestTurns()
        #expect(
            [head(false), body(), end(), head(false), end(), head(true), end(), head(false), end()]
                .map { word(turns.take($0)) } == ["on", "on", "on", "on", "on", "hold", "hold", "hold", "hold"])
        turns.theirsAnswered()
        #expect(rest(&turns).isEmpty)
        turns.theirsAnswered()
        #expect(rest(&turns) == ["-", "answer"])
        turns.answered(isLast: false)
        #expect(rest(&turns) == ["on", "on"])
    }

    @Test func `an answer given before its request has ended leaves the rest of it with Hummingbird`() {
        var turns = RequestTurns()
        #expect(word(turns.take(head(false))) == "on")
        turns.theirsAnswered()
        #expect([body(), end(), head(true), end()].map { word(turns.take($0)) } == ["on", "on", "-", "answer"])
    }

    @Test func `behind a request that may be the last, all is Hummingbird's`() {
        for value in ["close", "Close", "upgrade"] {
            var turns = RequestTurns()
            #expect(word(turns.take(head(false, [("Connection", value)]))) == "on")
            _ = turns.take(end())
            turns.theirsAnswered()
            #expect([head(true), end()].map { word(turns.take($0)) } == ["on", "on"])
        }
    }

    @Test func `behind our last answer nothing is answered`() {
        var turns = RequestTurns()
        _ = [head(true), end(), head(true), end(), head(false), .inputClosed].map { turns.take($0) }
        turns.answered(isLast: true)
        #expect(rest(&turns) == ["-", "-", "-", "on"])
    }

    @Test func `the end of input, a shutdown and garbage keep their place in the line`() {
        for last in [RequestTurns.Arrival.inputClosed, .quiesce, .malformed(HTTPParserError.invalidMethod)] {
            var turns = RequestTurns()
            #expect([head(true), end(), last].map { word(turns.take($0)) } == ["-", "answer", "hold"])
            turns.answered(isLast: false)
            #expect(rest(&turns) == ["on"])
        }
    }

    @Test func `what can be kept is limited`() {
        var turns = RequestTurns()
        _ = [head(true), end()].map { turns.take($0) }
        let words = (0..<3_000).map { _ in word(turns.take(end())) }
        #expect(words.filter { $0 == "hold" }.count == 2_048 && words.last == "refuse")
    }

    @Test func `a connection is idle when nothing came or went for the whole time`() {
        let start = NIODeadline.uptimeNanoseconds(1_000)
        var idle = IdleClock(limit: .seconds(60), now: start)
        #expect(idle.due(start + .seconds(59), isBusy: false) == .again(start + .seconds(60)))
        #expect(idle.due(start + .seconds(60), isBusy: false) == .close)
        #expect(idle.due(start + .seconds(60), isBusy: true) == .again(start + .seconds(120)))
        idle.active(start + .seconds(100))
        #expect(idle.due(start + .seconds(120), isBusy: false) == .again(start + .seconds(160)))
    }
}
