import NIOCore
import TestSupport
import Testing

@testable import HTTPClient

@Suite("The operator's list of what may be dialled")
struct AllowListTests {
    private func refusal(
        _ rules: [AddressRule], _ address: String, port: Int = 80, scheme: HTTPURL.Scheme = .http,
        origin: AddressPolicy.Origin = .configured
    ) throws -> String? {
        AddressPolicy(allowed: rules)
            .refusal(of: try SocketAddress(ipAddress: address, port: port), origin: origin, scheme: scheme)
    }

    @Test(
        arguments: [
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false), ("10.0.0.0/31", "10.0.0.1", true),
            ("10.0.0.0/31", "10.0.0.2", false), ("10.0.0.1", "10.0.0.1", true), ("10.0.0.1", "10.0.0.2", false),
            ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false), ("::/0", "2001:db8::1", true),
            ("::/0", "8.8.8.8", false), ("fd00::/8", "fd12::1", true), ("fd00::/8", "fe12::1", false),
            // In IPv6's clothes it is the same address, however the rule is dressed.
            ("10.0.0.0/8", "::ffff:10.0.0.1", true), ("::ffff:10.0.0.0/104", "10.0.0.1", true),
            ("::/0", "::ffff:10.0.0.1", false), ("fd00::1/7", "fc00::1", true),
        ])
    func `a block permits what is in it`(cidr: String, address: String, isPermitted: Bool) throws {
        #expect(try (refusal([AddressRule(cidr: cidr)], address) == nil) == isPermitted)
    }

    @Test func `ports and schemes narrow a block, and one entry is enough`() throws {
        let rules = [
            try AddressRule(cidr: "10.0.0.0/8", ports: [9100...9100, 9200...9299], schemes: [.https]),
            try AddressRule(cidr: "10.1.0.0/16"),
        ]
        #expect(try refusal(rules, "10.0.0.1", port: 9100, scheme: .https) == nil)
        #expect(try refusal(rules, "10.0.0.1", port: 9250, scheme: .https) == nil)
        #expect(
            try refusal(rules, "10.0.0.1", port: 9100, scheme: .http)
                == "policy.allow does not list 10.0.0.1 port 9100 for http")
        #expect(try refusal(rules, "10.0.0.1", port: 9300, scheme: .https) != nil)
        #expect(try refusal(rules, "10.1.0.1", port: 1, scheme: .http) == nil)
        #expect(try refusal(rules, "10.0.0.1", port: 22, origin: .redirect(fromLoopback: true)) != nil)
        #expect(try refusal(rules, "10.0.0.1", port: 22, origin: .configuredLiterally) != nil)
        #expect(try refusal(rules, "10.0.0.1", port: 22, origin: .proxy(isLiteral: true)) == nil)
        #expect(try refusal(rules, "10.0.0.1", port: 22, origin: .proxy(isLiteral: false)) != nil)
        #expect(try refusal([], "10.0.0.1") != nil)
    }

    @Test(
        "a list opens nothing that is closed",
        arguments: [
            "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "168.63.129.16",
            "fd00:ec2::254", "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "0.0.0.0", "::",
            "224.0.0.1", "ff02::1",
        ])
    func metadata(address: String) throws {
        let everything = [
            try AddressRule(cidr: "0.0.0.0/0"), try AddressRule(cidr: "::/0"), try AddressRule(cidr: address),
        ]
        for origin in [
            AddressPolicy.Origin.configured, .configuredLiterally, .redirect(fromLoopback: true),
            .proxy(isLiteral: true), .proxy(isLiteral: false),
        ] {
            #expect(try refusal(everything, address, origin: origin) != nil, "\(origin)")
        }
    }

    @Test(arguments: [
        "", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0/8", "a/8", "::/129", "fe80::1%eth0/64", "1/2/3",
    ])
    func `what is no block is refused`(cidr: String) {
        let error = #expect(throws: HTTPClientError.self) { try AddressRule(cidr: cidr) }
        #expect(error?.message.contains("expected a block such as 10.0.0.0/8") == true)
    }

    @Test("a block contains exactly the addresses that share its bits", arguments: [UInt64(1), 2, 3])
    func blocks(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<500 {
            let isFour = Bool.random(using: &random)
            let count = isFour ? 4 : 16
            // Not ::ffff:0:0/96, which is IPv4.
            var first = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
            if !isFour { first[0] |= 0x20 }
            let length = Int.random(in: 0...(count * 8), using: &random)
            var second = first
            let flipped = Int.random(in: 0..<(count * 8), using: &random)
            second[flipped / 8] ^= 0x80 >> UInt8(flipped % 8)
            let written = try #require(IPAddress(bytes: first))
            let other = try #require(IPAddress(bytes: second))
            let block = try #require(AddressBlock("\(written)/\(length)"), "seed \(seed)")
            #expect(block.contains(written), "seed \(seed): \(written)/\(length)")
            #expect(block.contains(other) == (flipped >= length), "seed \(seed): \(written)/\(length) \(other)")
        }
    }

    @Test func `a link-local address is the operator's to write, not a discovery's`() async throws {
        let proxy = try await TargetServer.start { $0.answer(body: [0x61]) }
        let rules = try ProxyRules(url: "http://127.0.0.1:\(proxy.port)")
        for (settings, text) in [(HTTPClientSettings(), nil), (HTTPClientSettings(proxy: rules), "a")] {
            let client = try await ClientFixture(settings: settings)
            let found = try await client.failure("http://169.254.7.7:9/", isDiscovered: true)
            #expect(found.message == "169.254.7.7 must not be dialled: it is link-local")
            if let text {
                let written = try await client.get("http://169.254.7.7:9/").text
                #expect(written == text)
            } else {
                // Nobody is there; but it is dialled.
                let written = try await client.failure("http://169.254.7.7:9/", timeout: .milliseconds(200))
                #expect(!written.message.contains("link-local"))
            }
            try await client.close()
        }
        await proxy.stop()
    }

    @Test func `a name is judged by the address it has when it is dialled`() async throws {
        let server = try await TargetServer.start { $0.answer(body: [0x61]) }
        let resolver = HostResolver { host, port, _, eventLoop in
            eventLoop.submit {
                let names = ["inside": ["127.0.0.1"], "outside": ["127.0.0.2"], "both": ["127.0.0.2", "127.0.0.1"]]
                return try (names[host] ?? [host]).map { try SocketAddress(ipAddress: $0, port: port) }
            }
        }
        let policy = AddressPolicy(allowed: [try AddressRule(cidr: "127.0.0.1", ports: [server.port...server.port])])
        let client = try await ClientFixture(settings: HTTPClientSettings(resolver: resolver, policy: policy))
        for host in ["inside", "both", "127.0.0.1"] {
            let text = try await client.get("http://\(host):\(server.port)/").text
            #expect(text == "a")
        }
        let error = try await client.failure("http://outside:\(server.port)/")
        #expect(error.code == .connectionFailed)
        #expect(
            error.message
                == "outside must not be dialled: policy.allow does not list 127.0.0.2 port \(server.port) for http")
        try await client.close()
        await server.stop()
    }
}
