// The TLS room owns transport security: contexts made of files, sessions that turn plaintext into records and back,
// the channel handler that runs them in a NIO pipeline, and the identities in verified certificates. It is the only
// room (with `COpenSSL` beneath it) that knows OpenSSL; what it hands out are plain Swift values and typed errors that
// name the culprit and the cure. It opens no socket and no file but the PEM files it is told to read.

import COpenSSL

/// The immutable settings, keys and trust shared by all connections of one kind; one is made per reload.
///
/// Owns an `SSL_CTX` that is never changed after `init`, which is why it may be shared between threads.
@safe package final class TLSContext: @unchecked Sendable {
    /// What the context was made of.
    let configuration: TLSContextConfiguration
    /// The leaf of our certificate, if there is one.
    package let ownCertificate: PeerCertificate?
    /// The `SSL_CTX*`, owned.
    let pointer: OpaquePointer
    /// The protocols the server's selection callback reads; owned, lives as long as the context.
    private let protocols: UnsafeMutablePointer<culvert_protocols>

    /// Reads the files and makes the context; every failure is `.configuration` and names the file.
    package init(_ configuration: TLSContextConfiguration) throws(TLSError) {
        guard OpenSSLLibrary.isReady, unsafe OpenSSLLibrary.windowMethod != nil else {
            throw TLSError(.internalError, "OpenSSL could not be started", culprit: OpenSSLLibrary.version)
        }
        ERR_clear_error()
        guard
            let context = unsafe SSL_CTX_new(configuration.role == .server ? TLS_server_method() : TLS_client_method())
        else {
            throw TLSError(.internalError, "OpenSSL made no context (\(OpenSSLReason(culvert_take_error()).text))")
        }
        let protocols = UnsafeMutablePointer<culvert_protocols>.allocate(capacity: 1)
        unsafe protocols.initialize(to: culvert_protocols())
        do {
            let builder = unsafe TLSContextBuilder(context: context, configuration: configuration)
            try builder.applySettings()
            try builder.applyTrust()
            ownCertificate = try builder.applyCertificate()
            unsafe try builder.applyProtocols(protocols)
        } catch {
            unsafe SSL_CTX_free(context)
            unsafe protocols.deallocate()
            throw error
        }
        // A successful call may leave entries behind, for instance from openssl.cnf.
        ERR_clear_error()
        self.configuration = configuration
        unsafe self.protocols = protocols
        unsafe pointer = context
    }

    deinit {
        unsafe SSL_CTX_free(pointer)
        unsafe protocols.deallocate()
    }

    /// Name, number and date of the OpenSSL in use.
    package static var libraryVersion: String { OpenSSLLibrary.version }

    /// What the start log line says: library, groups, security level, FIPS.
    package static func systemDescription() -> String {
        guard OpenSSLLibrary.isReady, let context = unsafe SSL_CTX_new(TLS_method()) else {
            return "\(libraryVersion), unusable"
        }
        defer { unsafe SSL_CTX_free(context) }
        let groups = unsafe TLSContextBuilder.setGroups(of: context, candidates: TLSContextBuilder.tunnelGroups)
        let level = unsafe SSL_CTX_get_security_level(context)
        ERR_clear_error()
        return "\(libraryVersion), groups \(groups ?? "none usable"), security level \(level), "
            + "FIPS \(OpenSSLLibrary.isFIPS ? "on" : "off")"
    }
}
