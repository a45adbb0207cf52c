import TestSupport
import Testing

@testable import Discovery

/// Domain names as people and messages write them.
struct DNSNameTests {
    @Test(arguments: [
        (".", ".", true), ("com", "com.", false), ("www.example.com.", "www.example.com.", true),
        ("_http._tcp.Example.COM", "_http._tcp.Example.COM.", false), (#"a\.b.c"#, #"a\.b.c."#, false),
        (#"my\ \"web\".local."#, #"my\ \"web\".local."#, true), (#"\097\000.x"#, #"a\000.x."#, false),
        ("é.x", #"\195\169.x."#, false), (#"a\."#, #"a\.."#, false),
    ]) func `a name is read and written with its escapes`(text: String, written: String, isAbsolute: Bool) throws {
        let parsed = try DNSName.parse(text)
        #expect(parsed.name.description == written)
        #expect(parsed.isAbsolute == isAbsolute)
        #expect(try DNSName.parse(written).name == parsed.name)
    }

    @Test(arguments: [
        "", "..", ".a", "a..b", #"a\"#, #"a\25"#, #"a\256"#, #"a\2x5"#, String(repeating: "a", count: 64),
        String(repeating: "abc.", count: 64), String(repeating: "a", count: 1_000_000),
    ]) func `what is no name is refused by name`(text: String) throws {
        let error = #expect(throws: DNSError.self) { _ = try DNSName.parse(text) }
        #expect(error?.code == .invalidName)
        #expect(error?.message.hasPrefix(String(text.prefix(64)).debugDescription) == true)
    }

    @Test func `the longest name there is has 255 bytes`() throws {
        let label = String(repeating: "a", count: 63)
        let most = [label, label, label, String(repeating: "b", count: 61)].joined(separator: ".")
        let name = try DNSName.parse(most).name
        #expect(name.wire.count == 255)
        #expect(name.below(.root) == name)
        #expect(name.below(try DNSName.parse("c").name) == nil)
        #expect(throws: DNSError.self) { _ = try DNSName.parse(most + "b") }
    }

    @Test func `case makes no difference`() throws {
        let one = try DNSName.parse("WWW.Example.com").name
        #expect(one.isSame(as: try DNSName.parse("www.eXAMPLE.com.").name))
        #expect(!one.isSame(as: try DNSName.parse("ww.example.com").name))
        #expect(!one.isSame(as: try DNSName.parse("www.example.co[").name))
    }

    @Test(
        arguments: [
            ([192, 0, 2, 255], "192.0.2.255"),
            ([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1], "2001:db8::1"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "::"),
            ([0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3], "1:0:0:2::3"),
            ([0, 1, 0, 0, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7], "1:0:2:3:4:5:6:7"),
            ([0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], "fe80::"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1], "10.0.0.1"),
            ([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 0, 0, 1], "::a00:1"),
        ] as [([UInt8], String)]) func `addresses are written as Prometheus writes them`(bytes: [UInt8], text: String)
    {
        #expect(AddressText.text(bytes) == text)
        #expect(AddressText.join(text, 9) == (bytes.count == 16 && text.contains(":") ? "[\(text)]:9" : "\(text):9"))
    }
}
