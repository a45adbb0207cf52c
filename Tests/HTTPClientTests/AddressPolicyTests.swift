import NIOCore
import Testing

@testable import HTTPClient

@Suite("Addresses that are not dialled")
struct AddressPolicyTests {
    private let policy = AddressPolicy()

    private func refusal(_ address: String, _ origin: AddressPolicy.Origin) throws -> String? {
        policy.refusal(of: try SocketAddress(ipAddress: address, port: 80), origin: origin)
    }

    @Test(
        "metadata, link-local, unspecified and multicast addresses are refused in every spelling",
        arguments: [
            "169.254.169.254", "169.254.170.2", "169.254.0.1", "100.100.100.200", "168.63.129.16", "0.0.0.0", "0.1.2.3",
            "224.0.0.1", "239.255.255.255", "255.255.255.255", "::", "fe80::1", "febf::1", "ff02::1", "fd00:ec2::254",
            "fd00:ec2:0:1::1", "fd20:ce::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "::ffff:0.0.0.0",
            "::169.254.169.254", "64:ff9b::6464:64c8",
        ])
    func refused(address: String) throws {
        #expect(try refusal(address, .configured) != nil)
        #expect(try refusal(address, .redirect(fromLoopback: false)) != nil)
        #expect(try refusal(address, .redirect(fromLoopback: true)) != nil)
    }

    @Test("ordinary addresses pass", arguments: ["10.0.0.1", "192.168.1.1", "8.8.8.8", "2001:db8::1", "fd12::1"])
    func permitted(address: String) throws {
        #expect(try refusal(address, .configured) == nil)
        #expect(try refusal(address, .redirect(fromLoopback: false)) == nil)
    }

    @Test("a link-local address passes when the configuration spells it out", arguments: ["169.254.1.1", "fe80::1"])
    func literal(address: String) throws {
        #expect(try refusal(address, .configuredLiterally) == nil)
    }

    @Test(
        "loopback is reached by a redirect only from loopback",
        arguments: ["127.0.0.1", "127.1.2.3", "::1", "::ffff:127.0.0.1"])
    func loopback(address: String) throws {
        #expect(try refusal(address, .configured) == nil)
        #expect(try refusal(address, .redirect(fromLoopback: true)) == nil)
        #expect(try refusal(address, .redirect(fromLoopback: false)) != nil)
    }
}
