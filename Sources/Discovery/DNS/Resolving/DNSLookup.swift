import NIOCore

/// The plan of looking up the records of one name, as Prometheus does it: which name of the search list comes next, which
/// server is asked, over which transport, how often, and what the answers come to.
///
/// A server's word about a name counts when it is "here are its records" (perhaps none of the type), which ends the
/// look-up, or "there is no such name", after which the next name is tried. When all names do not exist, there are no
/// records; when no server could say anything about one of them, and none of the others exists, that is an error.
///
/// Owns no socket and no clock: whoever does tells it what happened, and does what it says.
struct DNSLookup: Sendable {
    enum Action: Sendable, Hashable {
        /// Ask, in place of what was asked before; call `timeArrived` when its time is over.
        case ask(DNSQuery)
        /// Go on waiting.
        case wait
        /// It is over: the records of the type asked for and of others, in the server's order.
        case end(Result<[DNSRecord], DNSError>)
    }

    /// The question that is under way.
    private struct Asking: Sendable {
        var server: Int
        var transport: DNSQuery.Transport
        var hasEDNS: Bool
        var id: UInt16
        var until: NIODeadline
    }

    /// For everything, whatever the lengths of the lists in resolv.conf.
    static let limit = TimeAmount.minutes(5)
    /// The greatest datagram that no network has to cut.
    static let datagramBytes: UInt16 = 1232

    private let type: UInt16
    private let configuration: ResolvConf
    private let makeID: @Sendable () -> UInt16

    /// Those not tried yet.
    private var candidates: ArraySlice<DNSName>
    private var current = DNSName.root
    /// Servers to be asked about the current name in this round, and those that stayed silent in it.
    private var waiting: [Int] = []
    private var silent: [Int] = []
    private var round = 0
    private var asking: Asking?
    private var failures: [Int: String] = [:]
    private var problem: DNSError?
    private var end: NIODeadline?

    /// - Parameter type: one of `DNSType`.
    /// - Parameter makeID: makes what answers are told from forged ones by.
    init(
        _ name: String, type: UInt16, configuration: ResolvConf,
        makeID: @escaping @Sendable () -> UInt16 = { .random(in: .min ... .max) }
    ) throws(DNSError) {
        self.type = type
        self.configuration = configuration
        self.makeID = makeID
        candidates = try configuration.candidates(for: name)[...]
        guard !configuration.servers.isEmpty else {
            throw DNSError(.unusableConfiguration, "resolv.conf names no server")
        }
    }

    // MARK: Events

    mutating func start(now: NIODeadline) -> Action {
        end = now + Self.limit
        return askAboutNextName(now)
    }

    /// A message came on the socket of the question under way.
    mutating func received(_ bytes: [UInt8], now: NIODeadline) -> Action {
        guard let asking else { return .wait }
        // Not an answer to this: somebody else's, a late one, or a forgery. The right one may still come.
        let question = DNSQuestion(name: current, type: type)
        guard DNSMessage.isReply(bytes, to: question, id: asking.id) else { return .wait }
        let message: DNSMessage
        do throws(DNSError) {
            message = try DNSMessage(reading: bytes)
        } catch {
            return fail("sent a malformed answer: \(error.message)", now)
        }
        if message.isTruncated {
            guard asking.transport == .udp else { return fail("sent a truncated answer over TCP", now) }
            return ask(asking.server, .tcp, hasEDNS: false, now)
        }
        switch message.code {
        case .success: return finish(.success(message.answers))
        case .noSuchName: return askAboutNextName(now)
        case .malformed, .notImplemented, .badVersion:
            guard asking.hasEDNS else { return fail("answered \(message.code)", now) }
            // A server that does not know EDNS.
            return ask(asking.server, asking.transport, hasEDNS: false, now)
        default: return fail("answered \(message.code)", now)
        }
    }

    /// The socket of the question under way cannot be used (any more).
    mutating func failed(_ reason: String, now: NIODeadline) -> Action {
        guard let asking else { return .wait }
        silent.append(asking.server)
        return fail(reason, now)
    }

    /// It is `now`.
    mutating func timeArrived(now: NIODeadline) -> Action {
        guard let asking, now >= asking.until else { return .wait }
        silent.append(asking.server)
        return fail("did not answer in time", now)
    }

    // MARK: Steps

    private mutating func askAboutNextName(_ now: NIODeadline) -> Action {
        guard let name = candidates.popFirst() else { return finish(problem.map { .failure($0) } ?? .success([])) }
        current = name
        waiting = Array(configuration.servers.indices)
        silent = []
        round = 0
        failures = [:]
        return askNextServer(now)
    }

    private mutating func fail(_ reason: String, _ now: NIODeadline) -> Action {
        if let asking { failures[asking.server] = "\(configuration.servers[asking.server]) \(reason)" }
        return askNextServer(now)
    }

    private mutating func askNextServer(_ now: NIODeadline) -> Action {
        if waiting.isEmpty, !silent.isEmpty, round + 1 < configuration.attempts {
            round += 1
            waiting = silent
            silent = []
        }
        let isLate = end.map { now >= $0 } ?? false
        guard !waiting.isEmpty, !isLate else {
            problem = problem ?? noAnswer
            if isLate { candidates = [] }
            return askAboutNextName(now)
        }
        return ask(waiting.removeFirst(), .udp, hasEDNS: true, now)
    }

    private var noAnswer: DNSError {
        let reasons = failures.sorted { $0.key < $1.key }.map(\.value).joined(separator: ", ")
        return DNSError(.noAnswer, "nobody can say what \(current) is: \(reasons)")
    }

    private mutating func ask(
        _ server: Int, _ transport: DNSQuery.Transport, hasEDNS: Bool, _ now: NIODeadline
    ) -> Action {
        let until = min(now + .seconds(Int64(configuration.timeout)), end ?? now)
        let asking = Asking(server: server, transport: transport, hasEDNS: hasEDNS, id: makeID(), until: until)
        self.asking = asking
        let message = DNSMessage(
            id: asking.id, question: DNSQuestion(name: current, type: type),
            datagramBytes: hasEDNS ? Self.datagramBytes : nil)
        return .ask(
            DNSQuery(
                server: configuration.servers[server], transport: transport, message: message.bytes(), until: until))
    }

    private mutating func finish(_ result: Result<[DNSRecord], DNSError>) -> Action {
        asking = nil
        candidates = []
        return .end(result)
    }
}
