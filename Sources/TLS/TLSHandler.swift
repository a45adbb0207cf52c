package import NIOCore

/// Runs one ``TLSSession`` in a pipeline: ciphertext towards the socket, plaintext towards the application.
///
/// Fires ``TLSHandshakeInfo`` as a user event once the handshake is done. Every failure is one `errorCaught` with a
/// ``TLSError``, after which the channel closes as soon as the alert is out. Writes made before the handshake is done
/// wait for it. Whatever is flushed at once becomes one buffer (up to 1 MiB), small writes share records. A peer that
/// closes its half closes the connection. `close` says farewell first; both it and a failure then wait a moment for
/// the peer to close, because closing on unread input would destroy the last words in flight.
package final class TLSHandler: ChannelDuplexHandler, RemovableChannelHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    /// Where the connection is; it only ever moves down this list.
    private enum State {
        case idle
        case handshaking
        case open
        /// Our last words are on their way or out; input is thrown away until the peer closes or time is up.
        case closing
        case closed
    }

    /// Bytes that may wait for the handshake: far more than a Hello or a request, far less than a host has.
    private static let maximumWaiting = 16 << 20
    /// Input that is read and thrown away after our last words.
    private static let maximumDiscarded = 64 << 10
    /// How long a peer may take to take our last words, and then to close.
    private static let farewellTimeout = TimeAmount.seconds(5)
    private static let lingerTimeout = TimeAmount.seconds(1)

    private let context: TLSContext
    private let serverName: String?
    private let handshakeTimeout: TimeAmount
    /// Whom errors blame: the server dialled, or the client's address.
    private var peerName: String?
    private var session: TLSSession?
    private var state = State.idle
    private var waiting = TLSWriteQueue()
    private var deadline: Scheduled<Void>?
    private var closePromises: [EventLoopPromise<Void>] = []
    private var discarded = 0
    private var readWanted = false
    private var delivered = false

    /// A handler for one channel. A client names the server it expects: a DNS name (sent as SNI) or an IP literal.
    /// A handshake that is not done after `handshakeTimeout` fails.
    package init(context: TLSContext, serverName: String?, handshakeTimeout: TimeAmount = .seconds(10)) {
        self.context = context
        self.serverName = serverName
        peerName = serverName
        self.handshakeTimeout = handshakeTimeout
    }

    // MARK: Life

    package func handlerAdded(context: ChannelHandlerContext) {
        if context.channel.isActive { begin(context) }
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end(with: TLSError(.closed, "the TLS handler was removed from the channel", culprit: peerName))
    }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        begin(context)
    }

    package func channelInactive(context: ChannelHandlerContext) {
        let error = state == .handshaking || state == .open ? session?.endOfInput() : nil
        end(with: (error ?? TLSError(.closed, "the connection is closed")).blaming(peerName))
        if let error { context.fireErrorCaught(error.blaming(peerName)) }
        context.fireChannelInactive()
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let failure = error as? IOError, state == .handshaking || state == .open else {
            // After our last words a reset is only the echo of them.
            if !(error is IOError && (state == .closing || state == .closed)) { context.fireErrorCaught(error) }
            return
        }
        fail(context, with: TLSError(.uncleanShutdown, "the connection broke (\(failure.description))"))
    }

    package func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case ChannelEvent.inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        if state == .handshaking || state == .open, let error = session?.endOfInput() {
            fail(context, with: error)
        } else {
            finish(context)
        }
    }

    private func begin(_ context: ChannelHandlerContext) {
        guard state == .idle else { return }
        state = .handshaking
        peerName = serverName ?? context.channel.remoteAddress?.description
        do throws(TLSError) {
            session = try TLSSession(context: self.context, serverName: serverName)
        } catch {
            return fail(context, with: error)
        }
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: handshakeTimeout) {
            let (handler, context) = box.value
            handler.handshakeTimedOut(context)
        }
        advance(context, input: ByteBuffer())
        if state == .handshaking { context.read() }
    }

    private func handshakeTimedOut(_ context: ChannelHandlerContext) {
        guard state == .handshaking else { return }
        let seconds = Double(handshakeTimeout.nanoseconds) / 1e9
        fail(
            context,
            with: TLSError(
                .handshakeFailed, "the TLS handshake was not done within \(seconds) s",
                cure: "check that the peer speaks TLS on this port and that nothing on the way drops packets"))
    }

    // MARK: Inbound

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let input = unwrapInboundIn(data)
        switch state {
        case .idle, .handshaking, .open: advance(context, input: input)
        case .closing:
            discarded += input.readableBytes
            if discarded > Self.maximumDiscarded { finish(context) }
        case .closed: break
        }
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        context.fireChannelReadComplete()
        // Input that only fed the handshake or half a record does not answer whoever asked to read.
        if state == .handshaking || state == .closing || (readWanted && !delivered) { context.read() }
        delivered = false
    }

    package func read(context: ChannelHandlerContext) {
        readWanted = true
        context.read()
    }

    private func advance(_ context: ChannelHandlerContext, input: ByteBuffer) {
        var input = input
        if state == .idle { begin(context) }
        if state == .handshaking { shakeHands(context, input: &input) }
        if state == .open, input.readableBytes > 0 { decrypt(context, input: &input) }
    }

    private func shakeHands(_ context: ChannelHandlerContext, input: inout ByteBuffer) {
        var output = context.channel.allocator.buffer(capacity: 0)
        var info: TLSHandshakeInfo?
        do throws(TLSError) {
            info = try session?.handshake(input: &input, output: &output)
        } catch {
            return fail(context, with: error, lastWords: output)
        }
        if output.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(output), promise: nil) }
        guard let info, state == .handshaking else { return }
        state = .open
        deadline?.cancel()
        deadline = nil
        context.fireUserInboundEventTriggered(info)
        encrypt(context)
    }

    private func decrypt(_ context: ChannelHandlerContext, input: inout ByteBuffer) {
        var output = context.channel.allocator.buffer(capacity: 0)
        var plaintext = context.channel.allocator.buffer(capacity: 0)
        var progress = TLSSession.Progress.wantsInput
        var failure: TLSError?
        do throws(TLSError) {
            progress = try session?.read(input: &input, output: &output, plaintext: &plaintext) ?? .farewell
        } catch {
            failure = error
        }
        if plaintext.readableBytes > 0 {
            readWanted = false
            delivered = true
            context.fireChannelRead(wrapInboundOut(plaintext))
        }
        // The application may have closed the channel from within its read.
        guard state == .open else { return }
        if let failure {
            fail(context, with: failure, lastWords: output)
        } else if progress == .farewell {
            sayFarewell(context, answering: true)
        } else if output.readableBytes > 0 {
            context.writeAndFlush(wrapOutboundOut(output), promise: nil)
        }
    }

    // MARK: Outbound

    package func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let buffer = unwrapOutboundIn(data)
        guard state != .closing, state != .closed else {
            promise?.fail(TLSError(.closed, "data was written to a closed TLS connection", culprit: peerName))
            return
        }
        waiting.append(buffer, promise)
        guard state != .open, waiting.byteCount > Self.maximumWaiting else { return }
        fail(
            context,
            with: TLSError(
                .handshakeFailed,
                "more than \(Self.maximumWaiting) bytes were written before the TLS handshake was done"))
    }

    package func flush(context: ChannelHandlerContext) {
        waiting.mark()
        encrypt(context)
    }

    private func encrypt(_ context: ChannelHandlerContext) {
        guard state == .open else { return }
        var written = false
        while state == .open, waiting.hasMarked {
            var output = context.channel.allocator.buffer(capacity: 0)
            var promises: [EventLoopPromise<Void>] = []
            do throws(TLSError) {
                guard try waiting.encryptMarked(with: &session, into: &output, promises: &promises) else { break }
            } catch {
                for promise in promises { promise.fail(error) }
                return fail(context, with: error, lastWords: output)
            }
            written = true
            context.write(wrapOutboundOut(output), promise: Self.joined(promises, on: context.eventLoop))
        }
        if written { context.flush() }
    }

    /// One promise whose result all of `promises` get.
    private static func joined(
        _ promises: [EventLoopPromise<Void>], on eventLoop: any EventLoop
    ) -> EventLoopPromise<Void>? {
        guard promises.count > 1 else { return promises.first }
        let all = eventLoop.makePromise(of: Void.self)
        for promise in promises { all.futureResult.cascade(to: promise) }
        return all
    }

    // MARK: The end

    package func close(context: ChannelHandlerContext, mode: CloseMode, promise: EventLoopPromise<Void>?) {
        guard mode != .input else {
            promise?.fail(ChannelError.operationUnsupported)
            return
        }
        // TLS has no half-open connections here: closing our half closes all of it.
        switch state {
        case .idle, .closed:
            end(with: TLSError(.closed, "the TLS connection was closed", culprit: peerName))
            context.close(promise: promise)
        case .handshaking, .open:
            if let promise { closePromises.append(promise) }
            sayFarewell(context, answering: false)
        case .closing:
            if let promise { closePromises.append(promise) }
        }
    }

    /// Sends close_notify and closes; with `answering` the peer said it first and there is nothing to wait for.
    private func sayFarewell(_ context: ChannelHandlerContext, answering: Bool) {
        var output = context.channel.allocator.buffer(capacity: 0)
        session?.close(output: &output)
        state = .closing
        abandonWrites(TLSError(.closed, "the TLS connection was closed before the data was flushed", culprit: peerName))
        depart(context, lastWords: output, lingering: !answering)
    }

    private func fail(_ context: ChannelHandlerContext, with error: TLSError, lastWords: ByteBuffer = ByteBuffer()) {
        guard state != .closing, state != .closed else { return }
        let error = error.blaming(peerName)
        state = .closing
        abandonWrites(error)
        context.fireErrorCaught(error)
        depart(context, lastWords: lastWords, lingering: true)
    }

    /// Flushes the last words, then waits for the peer to close or, failing that, for the deadline.
    private func depart(_ context: ChannelHandlerContext, lastWords: ByteBuffer, lingering: Bool) {
        guard state == .closing else { return }
        guard lastWords.readableBytes > 0 else { return finish(context) }
        finishLater(context, in: Self.farewellTimeout)
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let flushed = context.eventLoop.makePromise(of: Void.self)
        flushed.futureResult.whenComplete { _ in
            let (handler, context) = box.value
            if lingering { handler.linger(context) } else { handler.finish(context) }
        }
        context.writeAndFlush(wrapOutboundOut(lastWords), promise: flushed)
    }

    private func linger(_ context: ChannelHandlerContext) {
        guard state == .closing else { return }
        finishLater(context, in: Self.lingerTimeout)
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let halfClosed = context.eventLoop.makePromise(of: Void.self)
        halfClosed.futureResult.whenFailure { _ in
            let (handler, context) = box.value
            handler.finish(context)
        }
        context.close(mode: .output, promise: halfClosed)
        context.read()
    }

    private func finishLater(_ context: ChannelHandlerContext, in delay: TimeAmount) {
        deadline?.cancel()
        let box = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        deadline = context.eventLoop.scheduleTask(in: delay) {
            let (handler, context) = box.value
            handler.finish(context)
        }
    }

    /// Closes the channel for good.
    private func finish(_ context: ChannelHandlerContext) {
        guard state != .closed else { return }
        let promise = Self.joined(closePromises, on: context.eventLoop)
        closePromises = []
        end(with: TLSError(.closed, "the TLS connection was closed", culprit: peerName))
        context.close(promise: promise)
    }

    /// Gives up everything that is held; the channel is closed or about to be.
    private func end(with error: TLSError) {
        state = .closed
        deadline?.cancel()
        deadline = nil
        abandonWrites(error)
        let promises = closePromises
        closePromises = []
        for promise in promises { promise.succeed() }
        session = nil
    }

    private func abandonWrites(_ error: TLSError) {
        for promise in waiting.removeAll() { promise.fail(error) }
    }
}
