import COpenSSL
package import NIOCore

/// One TLS connection as a pure machine: bytes in, bytes out, no I/O and no clock.
///
/// Sole owner of its `SSL*`. Every call lends OpenSSL the input and output for its own length only. A call that throws
/// has still left in `output` what the peer must be told (the alert); after it only `close` may be called, which then
/// does nothing.
@safe package struct TLSSession: ~Copyable {
    /// How far a read got.
    package enum Progress: Sendable {
        /// All input was used; more is needed.
        case wantsInput
        /// The peer said farewell (close_notify): nothing will follow.
        case farewell
    }

    /// What OpenSSL may write in one step besides application data: a whole handshake flight or an alert.
    private static let flight = 4096
    /// How much plaintext one step takes, so that no output buffer depends on the caller's sizes.
    private static let stride = 256 << 10

    private let ssl: OpaquePointer
    private let verdict: UnsafeMutablePointer<culvert_verdict>
    private let context: TLSContext
    private let serverName: String?
    private var opening = TLSOpening()
    private var isEstablished = false
    private var saidFarewell = false
    private var heardFarewell = false
    private var hasFailed = false

    /// A session that has not begun; a client is told with `serverName` (DNS name or IP literal) whom to expect.
    package init(context: TLSContext, serverName: String?) throws(TLSError) {
        let configuration = context.configuration
        let verdict = UnsafeMutablePointer<culvert_verdict>.allocate(capacity: 1)
        unsafe verdict.initialize(to: culvert_verdict())
        let made = unsafe culvert_session(
            context.pointer, OpenSSLLibrary.windowMethod, verdict, configuration.role == .server ? 1 : 0)
        guard let ssl = unsafe made else {
            unsafe verdict.deallocate()
            throw TLSError(.internalError, "OpenSSL made no session (\(OpenSSLReason(culvert_take_error()).text))")
        }
        if configuration.role == .client {
            do {
                let expectation = try ServerName(serverName, required: !configuration.insecureSkipVerify)
                unsafe try expectation.apply(to: ssl)
            } catch {
                unsafe SSL_free(ssl)
                unsafe verdict.deallocate()
                throw error
            }
        }
        unsafe self.ssl = ssl
        unsafe self.verdict = verdict
        self.context = context
        self.serverName = serverName
    }

    deinit {
        unsafe SSL_free(ssl)
        unsafe X509_free(verdict.pointee.leaf)
        unsafe X509_free(verdict.pointee.culprit)
        unsafe verdict.deallocate()
    }

    /// Continues the handshake with what arrived in `input`; nil as long as more input is needed.
    package mutating func handshake(
        input: inout ByteBuffer, output: inout ByteBuffer
    ) throws(TLSError) -> TLSHandshakeInfo? {
        opening.note(input)
        while true {
            let step = unsafe perform(
                culvert_handshake, input: &input, output: &output, reserving: Self.flight,
                plaintext: UnsafeMutableRawBufferPointer(start: nil, count: 0))
            switch step.error {
            case SSL_ERROR_NONE:
                isEstablished = true
                return try agreement(output: &output)
            case SSL_ERROR_WANT_READ: return nil
            case SSL_ERROR_WANT_WRITE where step.produced > 0: continue
            default: throw failure(step)
            }
        }
    }

    /// Decrypts all of `input` into `plaintext`; answers the peer may need (key updates, alerts) go to `output`.
    package mutating func read(
        input: inout ByteBuffer, output: inout ByteBuffer, plaintext: inout ByteBuffer
    ) throws(TLSError) -> Progress {
        guard !hasFailed, !heardFarewell else { return .farewell }
        plaintext.reserveCapacity(minimumWritableBytes: input.readableBytes)
        while true {
            if plaintext.writableBytes < 1024 { plaintext.reserveCapacity(minimumWritableBytes: 16 << 10) }
            var step = culvert_step()
            unsafe plaintext.writeWithUnsafeMutableBytes(minimumWritableBytes: 1) { room in
                step = unsafe perform(
                    culvert_read, input: &input, output: &output, reserving: Self.flight, plaintext: room)
                return step.moved
            }
            switch step.error {
            case SSL_ERROR_NONE: continue
            case SSL_ERROR_WANT_READ: return .wantsInput
            case SSL_ERROR_WANT_WRITE where step.produced > 0: continue
            case SSL_ERROR_ZERO_RETURN:
                heardFarewell = true
                return .farewell
            default: throw failure(step)
            }
        }
    }

    /// Encrypts all of `plaintext` into `output`.
    package mutating func write(plaintext: inout ByteBuffer, output: inout ByteBuffer) throws(TLSError) {
        guard isEstablished, !hasFailed, !saidFarewell else {
            throw TLSError(.closed, "data was written to a TLS session that is not open", culprit: serverName)
        }
        var none = ByteBuffer()
        while plaintext.readableBytes > 0 {
            let count = min(plaintext.readableBytes, Self.stride)
            let step = unsafe plaintext.withUnsafeReadableBytes { bytes in
                // OpenSSL only reads from it; the operations share one signature.
                let piece = unsafe UnsafeMutableRawBufferPointer(
                    mutating: UnsafeRawBufferPointer(rebasing: bytes.prefix(count)))
                return unsafe perform(
                    culvert_write, input: &none, output: &output, reserving: count + (count / 16384 + 2) * 64,
                    plaintext: piece)
            }
            plaintext.moveReaderIndex(forwardBy: step.moved)
            switch step.error {
            case SSL_ERROR_NONE: continue
            case SSL_ERROR_WANT_WRITE where step.produced > 0: continue
            default: throw failure(step)
            }
        }
    }

    /// Writes our farewell (close_notify) into `output`, once; nothing after a failure, whose alert is already out.
    package mutating func close(output: inout ByteBuffer) {
        guard isEstablished, !hasFailed, !saidFarewell else { return }
        saidFarewell = true
        var none = ByteBuffer()
        _ = unsafe perform(
            culvert_shutdown, input: &none, output: &output, reserving: Self.flight,
            plaintext: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    /// What it means that the connection has ended here: nil if the peer said farewell first or we had failed.
    package func endOfInput() -> TLSError? {
        guard !heardFarewell, !hasFailed else { return nil }
        if isEstablished {
            return TLSError(
                .uncleanShutdown, "the connection ended without a TLS close: the peer vanished or the stream was cut",
                culprit: serverName)
        }
        let cure =
            context.configuration.role == .client
            ? "check that the address and port are those of a TLS listener and that nothing in between drops TLS" : nil
        return TLSError(
            .uncleanShutdown,
            "the peer closed the connection during the TLS handshake"
                + (opening.isEmpty ? ", before it sent a byte" : ""),
            culprit: serverName, cure: cure)
    }

    private mutating func agreement(output: inout ByteBuffer) throws(TLSError) -> TLSHandshakeInfo {
        var name: UnsafePointer<UInt8>?
        var length: UInt32 = 0
        unsafe SSL_get0_alpn_selected(ssl, &name, &length)
        let selected = unsafe String(
            decoding: UnsafeBufferPointer(start: name, count: Int(length)), as: UTF8.self)
        let peer = unsafe SSL_get0_peer_certificate(ssl).map { unsafe PeerCertificate($0) }
        let wanted = context.configuration.applicationProtocols
        // A peer that offers no protocol at all passes OpenSSL's own check: its callback is never asked.
        guard wanted.isEmpty || wanted.contains(selected) else {
            close(output: &output)
            hasFailed = true
            throw TLSFailure.noProtocol(wanted: wanted, role: context.configuration.role)
                .blaming(serverName ?? peer?.subject)
        }
        return unsafe TLSHandshakeInfo(
            peer: peer, version: String(cString: SSL_get_version(ssl)),
            cipher: String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(ssl))),
            group: culvert_group_name(ssl).map { unsafe String(cString: $0) } ?? "",
            applicationProtocol: length == 0 ? nil : selected)
    }

    private mutating func failure(_ step: culvert_step) -> TLSError {
        hasFailed = true
        var refusal: CertificateRefusal?
        if unsafe verdict.pointee.error != 0 { refusal = unsafe CertificateRefusal(verdict.pointee) }
        return TLSFailure(
            context: context, serverName: serverName, isEstablished: isEstablished, refusal: refusal, opening: opening
        ).error(first: OpenSSLReason(step.first), last: OpenSSLReason(step.last))
    }

    /// The one place that calls into OpenSSL for I/O: lends both windows and advances both indices.
    private func perform(
        _ operation: culvert_operation, input: inout ByteBuffer, output: inout ByteBuffer, reserving: Int,
        plaintext: UnsafeMutableRawBufferPointer
    ) -> culvert_step {
        output.reserveCapacity(minimumWritableBytes: reserving)
        var step = culvert_step()
        unsafe input.readWithUnsafeReadableBytes { arrived in
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: reserving) { room in
                step = unsafe culvert_perform(
                    ssl, operation, arrived.baseAddress, arrived.count, room.baseAddress, room.count,
                    plaintext.baseAddress, plaintext.count)
                return step.produced
            }
            return step.consumed
        }
        return step
    }
}
