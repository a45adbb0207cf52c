import COpenSSL
import NIOCore
import TestSupport
import Testing

@testable import TLS

@Suite struct TLSSessionTests {
    let contexts: TunnelContexts

    init() throws { contexts = try TunnelContexts() }

    @Test func `both ends of a tunnel see TLS 1.3, the protocol and each other's names`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        pair.shakeHands()
        let client = try #require(pair.clientInfo)
        let server = try #require(pair.serverInfo)
        #expect(client.version == "TLSv1.3")
        #expect(client.applicationProtocol == "culvert/1")
        #expect(server.applicationProtocol == "culvert/1")
        #expect(client.cipher.hasPrefix("TLS_"))
        #expect(["x25519", "X25519MLKEM768"].contains(client.group))
        let agent = try AgentIdentity(certificate: try #require(server.peer))
        #expect(agent.name == "agent" && agent.role == .agent && agent.trustDomain == "culvert.local")
        let collector = try AgentIdentity(certificate: try #require(client.peer))
        #expect(collector.role == .collector)
        #expect(client.peer?.ipAddresses == ["127.0.0.1", "::1"])
        #expect(client.peer?.dnsNames == ["localhost"])
    }

    @Test(arguments: [1 as UInt64, 2, 3, 4, 5, 6])
    func `bytes cut anywhere arrive whole and in order, both ways`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        let sent = (0..<200_000).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        var unsent = [ByteBuffer(bytes: sent), ByteBuffer(bytes: sent.reversed())]
        var received = [ByteBuffer(), ByteBuffer()]
        var rounds = 0
        while received[0].readableBytes < sent.count || received[1].readableBytes < sent.count {
            rounds += 1
            try #require(rounds < 100_000, "seed \(seed)")
            // Each end gets a random cut of what is on its way, often nothing at all.
            var toServer = Self.cut(&pair.toServer, &random)
            var toClient = Self.cut(&pair.toClient, &random)
            if pair.clientInfo == nil {
                pair.clientInfo = try pair.client.handshake(input: &toClient, output: &pair.toServer)
            } else {
                var piece = Self.cut(&unsent[0], &random)
                try pair.client.write(plaintext: &piece, output: &pair.toServer)
            }
            if pair.clientInfo != nil {
                _ = try pair.client.read(input: &toClient, output: &pair.toServer, plaintext: &received[1])
            }
            if pair.serverInfo == nil {
                pair.serverInfo = try pair.server.handshake(input: &toServer, output: &pair.toClient)
            } else {
                var piece = Self.cut(&unsent[1], &random)
                try pair.server.write(plaintext: &piece, output: &pair.toClient)
            }
            if pair.serverInfo != nil {
                _ = try pair.server.read(input: &toServer, output: &pair.toClient, plaintext: &received[0])
            }
            #expect(toServer.readableBytes == 0 && toClient.readableBytes == 0, "input is always used up, seed \(seed)")
        }
        #expect(received[0].readableBytesView.elementsEqual(sent), "seed \(seed)")
        #expect(received[1].readableBytesView.elementsEqual(sent.reversed()), "seed \(seed)")
    }

    private static func cut(_ buffer: inout ByteBuffer, _ random: inout SeededGenerator) -> ByteBuffer {
        let limits = [0, 1, 7, 100, 5000, 40_000]
        let most = min(buffer.readableBytes, limits.randomElement(using: &random) ?? 0)
        return buffer.readSlice(length: Int.random(in: 0...most, using: &random)) ?? ByteBuffer()
    }

    @Test func `a stale entry in the error queue does not tear a healthy connection down`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        pair.shakeHands()
        // A failed lookup elsewhere on this thread leaves an entry behind.
        _ = EVP_PKEY_CTX_new_from_name(nil, "no such algorithm", nil)
        #expect(ERR_peek_error() != 0)
        var input = ByteBuffer()
        var output = ByteBuffer()
        var plaintext = ByteBuffer()
        #expect(try pair.client.read(input: &input, output: &output, plaintext: &plaintext) == .wantsInput)
        #expect(ERR_peek_error() == 0)
    }

    @Test func `the server sends no session tickets after the handshake`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        var empty = ByteBuffer()
        _ = try pair.client.handshake(input: &empty, output: &pair.toServer)
        _ = try pair.server.handshake(input: &pair.toServer, output: &pair.toClient)
        _ = try pair.client.handshake(input: &pair.toClient, output: &pair.toServer)
        let info = try pair.server.handshake(input: &pair.toServer, output: &pair.toClient)
        #expect(info != nil)
        #expect(pair.toClient.readableBytes == 0)
    }

    @Test func `an end without farewell is an unclean shutdown, one with farewell is not`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        #expect(pair.server.endOfInput()?.code == .uncleanShutdown)
        pair.shakeHands()
        #expect(pair.client.endOfInput()?.code == .uncleanShutdown)
        #expect(pair.client.endOfInput()?.culprit == "localhost")
        pair.server.close(output: &pair.toClient)
        pair.server.close(output: &pair.toClient)
        var plaintext = ByteBuffer()
        let progress = try pair.client.read(input: &pair.toClient, output: &pair.toServer, plaintext: &plaintext)
        #expect(progress == .farewell)
        #expect(pair.client.endOfInput() == nil)
    }

    @Test func `a stream changed on its way is refused, and nothing can be written afterwards`() throws {
        let pair = try SessionPair(client: contexts.client(), server: contexts.server())
        pair.shakeHands()
        var hello = ByteBuffer(string: "hello")
        try pair.client.write(plaintext: &hello, output: &pair.toServer)
        let last = pair.toServer.writerIndex - 1
        let byte = try #require(pair.toServer.getInteger(at: last, as: UInt8.self))
        pair.toServer.setInteger(byte ^ 1, at: last)
        var plaintext = ByteBuffer()
        let error = #expect(throws: TLSError.self) {
            _ = try pair.server.read(input: &pair.toServer, output: &pair.toClient, plaintext: &plaintext)
        }
        #expect(error?.code == .uncleanShutdown)
        #expect(plaintext.readableBytes == 0)
        #expect(pair.toClient.readableBytes > 0, "the alert is there to be sent")
        var more = ByteBuffer(string: "more")
        #expect(throws: TLSError.self) { try pair.server.write(plaintext: &more, output: &pair.toClient) }
        let heard = #expect(throws: TLSError.self) {
            _ = try pair.client.read(input: &pair.toClient, output: &pair.toServer, plaintext: &plaintext)
        }
        #expect(heard?.code == .alert(20))
    }

    @Test func `a megabyte of random bytes is refused at once`() throws {
        for seed in 0..<5 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            var session = try TLSSession(context: try contexts.server(), serverName: nil)
            var input = ByteBuffer()
            for _ in 0..<(1 << 20) / 8 { input.writeInteger(random.next()) }
            var output = ByteBuffer()
            let error = #expect(throws: TLSError.self, "seed \(seed)") {
                _ = try session.handshake(input: &input, output: &output)
            }
            #expect([.notTLS, .handshakeFailed, .protocolVersion].contains(try #require(error).code), "seed \(seed)")
            #expect(output.readableBytes < 100, "seed \(seed)")
        }
    }

    @Test func `random bytes inside of valid records never trap`() throws {
        for seed in 0..<100 as Range<UInt64> {
            var random = SeededGenerator(seed: seed)
            let pair = try SessionPair(client: contexts.client(), server: contexts.server())
            var empty = ByteBuffer()
            _ = try pair.client.handshake(input: &empty, output: &pair.toServer)
            for _ in 0...Int.random(in: 0...8, using: &random) {
                let index = Int.random(in: 5..<pair.toServer.writerIndex, using: &random)
                pair.toServer.setInteger(UInt8.random(in: 0...255, using: &random), at: index)
            }
            do throws(TLSError) {
                _ = try pair.server.handshake(input: &pair.toServer, output: &pair.toClient)
                _ = try pair.client.handshake(input: &pair.toClient, output: &pair.toServer)
                _ = try pair.server.handshake(input: &pair.toServer, output: &pair.toClient)
            } catch {
                #expect(error.code != .internalError, "seed \(seed): \(error)")
            }
        }
    }

    @Test func `an RSA certificate of the operator's own authority works for both ends`() throws {
        let rsa = ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"]
        let collector = try contexts.certificates.leaf(names: "DNS:localhost", purpose: .server, key: rsa)
        let agent = try contexts.certificates.leaf(names: "URI:culvert://d/agent/a", purpose: .client, key: rsa)
        let pair = try SessionPair(client: contexts.client(agent), server: contexts.server(collector))
        pair.shakeHands()
        #expect(pair.clientInfo != nil && pair.serverInfo != nil, "\(String(describing: pair.serverError))")
    }
}
