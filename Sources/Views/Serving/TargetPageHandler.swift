import Glibc
import NIOCore
import NIOHTTP1

/// Answers plain scrapes of target pages on the event loop, without a task or a hop; all other requests go on to
/// Hummingbird. Sits between NIO's HTTP/1 decoder and Hummingbird's handlers, for the life of a connection.
///
/// Owns the connection's order of answers (``RequestTurns``), its idle timeout, and the wait of the request being
/// answered. One answer is under way at a time; until it has left for the socket nothing more is read. A reader that
/// closes its sending side, or a shutdown, ends the wait: it gets what there is.
final class TargetPageHandler: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias InboundOut = HTTPServerRequestPart
    typealias OutboundIn = HTTPServerResponsePart
    typealias OutboundOut = HTTPServerResponsePart

    /// A request that waits for its target's next scrape, or for the replicas to be loaded.
    private struct Wait {
        let request: TargetRequest
        /// Nil while replicas are loaded.
        let target: TargetState?
        let since = NIODeadline.now()
        let cancel: @Sendable () -> Void
        let deadline: Scheduled<Void>
    }

    /// Longer bodies are rendered elsewhere: decoding a mebibyte holds up the loop for less than a millisecond.
    private static let maximumRendered = 1 << 20

    /// The same with a time on every sample, for which every line is looked at.
    private static let maximumStamped = 64 << 10

    private let pages: TargetPages
    private let metrics: WebMetrics
    private var turns = RequestTurns()
    private var idle: IdleClock
    private var idleTimer: Scheduled<Void>?
    private var repeated: RepeatedRequest
    private var context: ChannelHandlerContext?
    private var reader: Reader?
    /// The encoder's, behind which our heads and bodies are written as they are.
    private var encoder: ChannelHandlerContext?
    /// Counts our answers; tells a late call from the one that is waited for.
    private var turn: UInt64 = 0
    private var wait: Wait?
    /// The reader or the server is on its way out: nobody waits any more.
    private var isEnding = false
    private var readHeld = false
    private var isDraining = false
    /// The socket is being read; its end is announced.
    private var isReading = false
    /// Something went on to Hummingbird that has not been told that this was all for now.
    private var hasPassedOn = false
    /// The answer is complete and on its way; how fast it goes is up to the reader.
    private var isWriting = false
    /// A request for another protocol was seen. The decoder reads nothing behind it and keeps it all.
    private(set) var isPastHTTP = false
    /// What Hummingbird last heard of the channel's writability.
    private var shownWritable = true

    init(pages: TargetPages, metrics: WebMetrics, idleTimeout: TimeAmount) {
        self.pages = pages
        self.metrics = metrics
        idle = IdleClock(limit: idleTimeout, now: .now())
        repeated = RepeatedRequest(path: pages.path)
    }

    // MARK: Life

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        encoder = try? context.pipeline.syncOperations.context(handlerType: HTTPResponseEncoder.self)
        if context.channel.isActive { watch(context) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        end()
        encoder = nil
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        watch(context)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // What the decoder cannot read comes behind the requests before it; all else is about the connection.
        guard error is HTTPParserError else { return context.fireErrorCaught(error) }
        repeated.forget()
        receive(.malformed(error), context)
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        switch event {
        case ChannelEvent.inputClosed as ChannelEvent:
            isEnding = true
            endWait(context)
            receive(.inputClosed, context)
        case is ChannelShouldQuiesceEvent:
            isEnding = true
            endWait(context)
            receive(.quiesce, context)
        default: context.fireUserInboundEventTriggered(event)
        }
    }

    private func end() {
        turn &+= 1
        turns.end()
        stopWaiting()
        idleTimer?.cancel()
        idleTimer = nil
    }

    // MARK: Inbound

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        idle.active(.now())
        isReading = true
        switch unwrapInboundIn(data) {
        case .head(let head):
            if head.method == .CONNECT || head.headers.contains(name: "upgrade") { isPastHTTP = true }
            let request = pages.request(head, reader(context))
            repeated.head(request)
            receive(.head(head, request), context)
        case .body(let bytes): receive(.rest(.body(bytes)), context)
        case .end(let trailers):
            repeated.end()
            receive(.rest(.end(trailers)), context)
        }
    }

    /// Takes bytes that have not been decoded, when they are a request that came before.
    func answerRepeated(_ bytes: ByteBuffer) -> Bool {
        guard let context, turns.isFree, let request = repeated.match(bytes) else { return false }
        idle.active(.now())
        isReading = true
        turns.begin()
        begin(request, context)
        drain(context)
        return true
    }

    /// The decoder has said what it makes of these bytes.
    func decoded(_ bytes: ByteBuffer) {
        repeated.decoded(bytes)
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        isReading = false
        completeReads(context)
    }

    private func completeReads(_ context: ChannelHandlerContext) {
        guard hasPassedOn else { return }
        hasPassedOn = false
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if turns.holdsReads { readHeld = true } else { context.read() }
    }

    private func reader(_ context: ChannelHandlerContext) -> Reader {
        if let reader { return reader }
        let reader = Reader(address: context.channel.remoteAddress)
        self.reader = reader
        return reader
    }

    private func receive(_ arrival: RequestTurns.Arrival, _ context: ChannelHandlerContext) {
        carryOut(turns.take(arrival), arrival, context)
        drain(context)
    }

    /// Goes on with what had to wait for its turn, and with reading.
    private func drain(_ context: ChannelHandlerContext) {
        guard !isDraining else { return }
        isDraining = true
        while let (arrival, verdict) = turns.next() { carryOut(verdict, arrival, context) }
        isDraining = false
        if !isReading { completeReads(context) }
        if readHeld, !turns.holdsReads {
            readHeld = false
            context.read()
        }
    }

    private func carryOut(
        _ verdict: RequestTurns.Verdict, _ arrival: RequestTurns.Arrival, _ context: ChannelHandlerContext
    ) {
        switch verdict {
        case .answer(let request): begin(request, context)
        case .passOn: passOn(arrival, context)
        case .drop, .hold: break
        case .refuse: context.close(promise: nil)
        }
    }

    private func passOn(_ arrival: RequestTurns.Arrival, _ context: ChannelHandlerContext) {
        switch arrival {
        case .head(let head, _):
            hasPassedOn = true
            context.fireChannelRead(wrapInboundOut(.head(head)))
        case .rest(let part):
            hasPassedOn = true
            context.fireChannelRead(wrapInboundOut(part))
        case .malformed(let error): context.fireErrorCaught(error)
        case .inputClosed: context.fireUserInboundEventTriggered(ChannelEvent.inputClosed)
        case .quiesce: context.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
    }

    // MARK: Outbound

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .end = unwrapOutboundIn(data) else { return context.write(data, promise: promise) }
        idle.active(.now())
        guard turns.isHolding else {
            turns.theirsAnswered()
            return context.write(data, promise: promise)
        }
        // What was held may be the end of the connection: this answer has to be out before.
        let out = context.eventLoop.makePromise(of: Void.self)
        out.futureResult.cascade(to: promise)
        out.futureResult.assumeIsolated().whenComplete { _ in
            self.turns.theirsAnswered()
            self.drain(context)
        }
        context.write(data, promise: out)
    }

    /// Every page is longer than the write buffer's mark. Hummingbird, which writes nothing meanwhile, need not hear of it.
    func channelWritabilityChanged(context: ChannelHandlerContext) {
        guard !isWriting, context.channel.isWritable != shownWritable else { return }
        shownWritable.toggle()
        context.fireChannelWritabilityChanged()
    }

    func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        if mode != .input {
            turns.end()
            stopWaiting()
        }
        context.close(mode: mode, promise: promise)
    }

    // MARK: Answers

    private func begin(_ request: TargetRequest, _ context: ChannelHandlerContext) {
        turn &+= 1
        var request = request
        if isEnding { request.read.limit = .zero }
        switch pages.store.begin(request.read) {
        case .answered(let reading): write(pages.response(to: request, reading), request, context)
        case .loading:
            wait(for: nil, request.read.limit, request, context) { pages.store.whenLoaded($0) }
        case .ready(let target): render(target, request, context)
        case .wait(let target, _, _) where isEnding: render(target, request, context)
        case .wait(let target, let sequence, let limit):
            wait(for: target, limit, request, context) { target.next(after: sequence, $0) }
        }
    }

    /// - Parameter register: has its argument called when the wait is over; returns nil when it is over already.
    private func wait(
        for target: TargetState?, _ limit: Duration, _ request: TargetRequest, _ context: ChannelHandlerContext,
        _ register: (@escaping @Sendable () -> Void) -> (@Sendable () -> Void)?
    ) {
        let (turn, loop) = (turn, context.eventLoop)
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        let wake: @Sendable () -> Void = {
            let (handler, context) = bound.value
            if handler.turn == turn { handler.endWait(context) }
        }
        guard let cancel = register({ loop.execute(wake) }) else { return goOn(with: request, target, context) }
        wait = Wait(
            request: request, target: target, cancel: cancel,
            deadline: loop.scheduleTask(in: TimeAmount(limit), wake))
    }

    /// Shows what there is.
    private func endWait(_ context: ChannelHandlerContext) {
        guard let wait else { return }
        stopWaiting()
        var request = wait.request
        if wait.target == nil {
            let rest = request.read.limit - Duration.nanoseconds((NIODeadline.now() - wait.since).nanoseconds)
            request.read.limit = max(.zero, rest)
        }
        goOn(with: request, wait.target, context)
    }

    private func goOn(with request: TargetRequest, _ target: TargetState?, _ context: ChannelHandlerContext) {
        guard let target else { return begin(request, context) }
        render(target, request, context)
    }

    private func stopWaiting() {
        wait?.deadline.cancel()
        wait?.cancel()
        wait = nil
    }

    private func render(_ target: TargetState, _ request: TargetRequest, _ context: ChannelHandlerContext) {
        let largest = request.timestamps ? Self.maximumStamped : Self.maximumRendered
        guard request.read.compressed || !target.isShownAtOnce(upTo: largest) else {
            return write(pages.finish(request, target), request, context)
        }
        let (turn, loop, pages) = (turn, context.eventLoop, pages)
        let bound = NIOLoopBound((self, context), eventLoop: loop)
        Task {
            let response = pages.finish(request, target)
            loop.execute {
                let (handler, context) = bound.value
                if handler.turn == turn { handler.write(response, request, context) }
            }
        }
    }

    private func write(_ response: PageResponse, _ request: TargetRequest, _ context: ChannelHandlerContext) {
        metrics.count("target", response.status, bytes: response.body.readableBytes)
        idle.active(.now())
        isWriting = true
        let turn = turn
        let out = context.eventLoop.makePromise(of: Void.self)
        out.futureResult.assumeIsolated().whenComplete { _ in
            if self.turn == turn { self.written(isLast: request.closes, context) }
        }
        var head = context.channel.allocator.buffer(capacity: 256)
        response.writeHead(to: &head, time: Int64(time(nil)))
        if request.isHead || response.body.readableBytes == 0 {
            send(head, out, context)
        } else {
            send(head, nil, context)
            send(response.body, out, context)
        }
        context.flush()
    }

    private func send(_ bytes: ByteBuffer, _ promise: EventLoopPromise<Void>?, _ context: ChannelHandlerContext) {
        guard let encoder else {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        encoder.write(NIOAny(IOData.byteBuffer(bytes)), promise: promise)
    }

    /// The answer has left for the socket, or the connection broke.
    private func written(isLast: Bool, _ context: ChannelHandlerContext) {
        isWriting = false
        // The end of an earlier jam may have fallen into our turn.
        if !shownWritable { channelWritabilityChanged(context: context) }
        turns.answered(isLast: isLast)
        // As Hummingbird does: our half ends here, the reader ends the other.
        if isLast { context.close(mode: .output, promise: nil) }
        drain(context)
    }

    // MARK: Idleness

    private func watch(_ context: ChannelHandlerContext) {
        guard idleTimer == nil else { return }
        idle.active(.now())
        watch(context, until: .now() + idle.limit)
    }

    private func watch(_ context: ChannelHandlerContext, until deadline: NIODeadline) {
        idleTimer = context.eventLoop.assumeIsolated().scheduleTask(deadline: deadline) {
            let isBusy = self.turns.isTheirTurn || (self.turns.isAnswering && !self.isWriting)
            switch self.idle.due(.now(), isBusy: isBusy) {
            case .close: context.close(promise: nil)
            case .again(let deadline): self.watch(context, until: deadline)
            }
        }
    }
}
