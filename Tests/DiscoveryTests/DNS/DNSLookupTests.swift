import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import Discovery

/// The plan of a look-up: whom it asks about what, how long it waits, and what it makes of answers.
struct DNSLookupTests {
    /// A look-up of SRV records with a clock and ids of its own.
    private struct Run {
        var lookup: DNSLookup
        var now = NIODeadline.uptimeNanoseconds(1_000_000_000)
        var action = DNSLookup.Action.wait

        init(_ name: String, _ conf: String) throws {
            let counter = Counter()
            lookup = try DNSLookup(
                name, type: DNSType.srv, configuration: ResolvConf(parsing: Array(conf.utf8)),
                makeID: { counter.next() })
            action = lookup.start(now: now)
        }

        /// What is asked: server, transport and the message.
        var asked: (server: String, transport: DNSQuery.Transport, message: DNSMessage)? {
            guard case .ask(let query) = action, let message = try? DNSMessage(reading: query.message) else {
                return nil
            }
            return (query.server.host, query.transport, message)
        }

        /// `server name`, with a mark for TCP and for questions without EDNS.
        var summary: String {
            guard let asked else {
                if case .end(let result) = action { return "\(result)" }
                return "waits"
            }
            return "\(asked.server) \(asked.message.question?.name.description ?? "")"
                + (asked.transport == .tcp ? " tcp" : "") + (asked.message.datagramBytes == nil ? " plain" : "")
        }

        mutating func answer(
            _ code: DNSResponseCode = .success, _ answers: [DNSRecord] = [],
            change: (inout DNSMessage) -> Void = { _ in }
        ) {
            guard let query = asked?.message else { return }
            var message = DNSMessage(
                id: query.id, question: query.question, isResponse: true, code: code, answers: answers,
                datagramBytes: query.datagramBytes)
            change(&message)
            receive(message.bytes())
        }

        mutating func receive(_ bytes: [UInt8]) {
            let next = lookup.received(bytes, now: now)
            if next != .wait { action = next }
        }

        mutating func fail(_ reason: String) { action = lookup.failed(reason, now: now) }

        /// Lets the time of the question pass.
        mutating func pass() {
            guard case .ask(let query) = action else { return }
            now = query.until
            action = lookup.timeArrived(now: now)
        }

        var ended: Result<[DNSRecord], DNSError>? {
            if case .end(let result) = action { return result }
            return nil
        }
    }

    private final class Counter: Sendable {
        private let value = Mutex<UInt16>(0)
        func next() -> UInt16 {
            value.withLock {
                $0 &+= 1
                return $0
            }
        }
    }

    private static let two = "nameserver 10.0.0.1\nnameserver 10.0.0.2\n"
    private static let record = DNSRecord.srv(priority: 0, weight: 0, port: 80, target: .root)

    @Test func `the first server that knows the name is believed`() throws {
        var run = try Run("x", Self.two)
        #expect(run.summary == "10.0.0.1 x.")
        #expect(run.asked?.message.wantsRecursion == true && run.asked?.message.datagramBytes == 1232)
        run.answer(.success, [Self.record])
        #expect(run.ended == .success([Self.record]))
    }

    @Test func `a name without such records ends the search too`() throws {
        var run = try Run("x", Self.two + "search a b")
        #expect(run.summary == "10.0.0.1 x.a.")
        run.answer()
        #expect(run.ended == .success([]))
    }

    @Test func `no such name anywhere is an empty list`() throws {
        var run = try Run("x", Self.two + "search a b")
        for name in ["x.a.", "x.b.", "x."] {
            #expect(run.summary == "10.0.0.1 \(name)")
            run.answer(.noSuchName)
        }
        #expect(run.ended == .success([]))
    }

    @Test func `one name nobody can answer for makes it an error, unless another exists`() throws {
        var run = try Run("x", Self.two + "search a")
        run.answer(.serverFailure)
        #expect(run.summary == "10.0.0.2 x.a.")
        run.answer(.refused)
        #expect(run.summary == "10.0.0.1 x.")
        var other = run
        run.answer(.noSuchName)
        #expect(
            run.ended
                == .failure(
                    DNSError(
                        .noAnswer,
                        "nobody can say what x.a. is: 10.0.0.1 answered SERVFAIL, 10.0.0.2 answered REFUSED")))
        other.answer(.success, [Self.record])
        #expect(other.ended == .success([Self.record]))
    }

    @Test func `silent servers are asked again, after the others, those that answered are not`() throws {
        var run = try Run("x.", Self.two + "nameserver 10.0.0.3\noptions attempts:3 timeout:2")
        let start = run.now
        run.pass()
        #expect(run.now == start + .seconds(2))
        #expect(run.summary == "10.0.0.2 x.")
        run.answer(.serverFailure)
        #expect(run.summary == "10.0.0.3 x.")
        run.fail("cannot be reached: connection refused")
        for server in ["10.0.0.1", "10.0.0.3", "10.0.0.1", "10.0.0.3"] {
            #expect(run.summary == "\(server) x.")
            run.pass()
        }
        #expect(
            run.ended
                == .failure(
                    DNSError(
                        .noAnswer,
                        "nobody can say what x. is: 10.0.0.1 did not answer in time, 10.0.0.2 answered SERVFAIL, "
                            + "10.0.0.3 did not answer in time")))
    }

    @Test func `nothing is given up before its time`() throws {
        var run = try Run("x", Self.two)
        #expect(run.lookup.timeArrived(now: run.now + .milliseconds(4999)) == .wait)
        run.now = run.now + .seconds(5)
        run.action = run.lookup.timeArrived(now: run.now)
        #expect(run.summary == "10.0.0.2 x.")
    }

    @Test func `a truncated answer is asked for over TCP, and believed there only in full`() throws {
        var run = try Run("x", Self.two)
        run.answer(.success) { $0.isTruncated = true }
        #expect(run.summary == "10.0.0.1 x. tcp plain")
        var other = run
        run.answer(.success, [Self.record])
        #expect(run.ended == .success([Self.record]))
        other.answer(.success) { $0.isTruncated = true }
        #expect(other.summary == "10.0.0.2 x.")
    }

    @Test(arguments: [DNSResponseCode.malformed, .notImplemented, .badVersion])
    func `a server that does not know EDNS is asked without`(code: DNSResponseCode) throws {
        var run = try Run("x", Self.two)
        run.answer(code)
        #expect(run.summary == "10.0.0.1 x. plain")
        run.answer(code == .badVersion ? .serverFailure : code)
        #expect(run.summary == "10.0.0.2 x.")
    }

    @Test func `what is no answer to the question is passed over`() throws {
        var run = try Run("x", Self.two)
        let before = run.action
        let first = try #require(run.asked?.message)
        run.answer { $0.id &+= 1 }
        run.answer { $0.isResponse = false }
        run.answer { $0.question?.type = DNSType.a }
        run.answer { $0.question?.name = .root }
        run.answer { $0.question = nil }
        run.receive([])
        run.receive([1, 2, 3])
        #expect(run.action == before)
        // Nor is a late answer to an earlier question.
        run.pass()
        let second = run.action
        run.receive(DNSMessage(id: first.id, question: first.question, isResponse: true).bytes())
        #expect(run.action == second)
        run.answer(.success, [Self.record])
        #expect(run.ended == .success([Self.record]))
        #expect(run.lookup.received(first.bytes(), now: run.now) == .wait)
        #expect(run.lookup.timeArrived(now: run.now + .hours(1)) == .wait)
    }

    @Test func `an answer that is malformed behind its question counts against its server`() throws {
        var run = try Run("x", Self.two)
        let query = try #require(run.asked?.message)
        let answer = DNSMessage(id: query.id, question: query.question, isResponse: true, answers: [Self.record])
        run.receive(Array(answer.bytes().dropLast()))
        #expect(run.summary == "10.0.0.2 x.")
        run.answer(.serverFailure)
        #expect(
            run.ended
                == .failure(
                    DNSError(
                        .noAnswer,
                        "nobody can say what x. is: 10.0.0.1 sent a malformed answer: it ends too early, "
                            + "10.0.0.2 answered SERVFAIL")))
    }

    @Test func `it ends, however long the lists are`() throws {
        let conf =
            (1...8).map { "nameserver 10.0.0.\($0)\n" }.joined()
            + "search " + (1...32).map { "d\($0)" }.joined(separator: " ") + "\noptions timeout:30 attempts:5"
        var run = try Run("x", conf)
        let start = run.now
        for _ in 0..<2000 where run.ended == nil { run.pass() }
        #expect(run.ended != nil)
        #expect(run.now <= start + DNSLookup.limit)
    }

    @Test func `without a server or with a name that is none there is nothing to ask`() {
        #expect(throws: DNSError(.unusableConfiguration, "resolv.conf names no server")) { _ = try Run("x", "") }
        #expect(throws: DNSError.self) { _ = try Run("x..y", Self.two) }
    }

    @Test func `ids are not to be guessed`() throws {
        let conf = ResolvConf(parsing: Array(Self.two.utf8))
        let ids = try (0..<64).map { _ -> UInt16 in
            var lookup = try DNSLookup("x", type: DNSType.a, configuration: conf)
            guard case .ask(let query) = lookup.start(now: .now()) else { return 0 }
            return try DNSMessage(reading: query.message).id
        }
        #expect(Set(ids).count > 32)
    }
}
