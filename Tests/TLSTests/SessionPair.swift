import NIOCore
import Testing

@testable import TLS

/// A client and a server session joined back to back, with every byte between them in two buffers.
final class SessionPair {
    var client: TLSSession
    var server: TLSSession
    /// Ciphertext on its way.
    var toServer = ByteBuffer()
    var toClient = ByteBuffer()
    var clientInfo: TLSHandshakeInfo?
    var serverInfo: TLSHandshakeInfo?
    var clientError: TLSError?
    var serverError: TLSError?
    /// What the client had become when it believed to be connected, before it heard the server's verdict.
    var clientFinishedFirst = false

    init(client: TLSContext, server: TLSContext, serverName: String? = "localhost") throws {
        self.client = try TLSSession(context: client, serverName: serverName)
        self.server = try TLSSession(context: server, serverName: nil)
    }

    /// Lets both ends talk until neither has more to say; afterwards both have read what was left for them.
    func shakeHands() {
        for _ in 0..<20 {
            stepClient()
            stepServer()
            if toServer.readableBytes == 0, toClient.readableBytes == 0 { return }
        }
        Issue.record("the handshake does not come to an end")
    }

    private func stepClient() {
        guard clientError == nil else { return toClient.clear() }
        do throws(TLSError) {
            if clientInfo == nil {
                clientInfo = try client.handshake(input: &toClient, output: &toServer)
                clientFinishedFirst = clientInfo != nil && serverInfo == nil
            }
            guard clientInfo != nil else { return }
            var plaintext = ByteBuffer()
            _ = try client.read(input: &toClient, output: &toServer, plaintext: &plaintext)
        } catch {
            clientError = error
        }
    }

    private func stepServer() {
        guard serverError == nil else { return toServer.clear() }
        do throws(TLSError) {
            if serverInfo == nil { serverInfo = try server.handshake(input: &toServer, output: &toClient) }
            guard serverInfo != nil else { return }
            var plaintext = ByteBuffer()
            _ = try server.read(input: &toServer, output: &toClient, plaintext: &plaintext)
        } catch {
            serverError = error
        }
    }
}
