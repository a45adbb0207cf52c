import Foundation
import NIOCore
import TestSupport
import Testing

@testable import Discovery

/// resolv.conf: what is read, what is passed over, and the names that come of it.
struct ResolvConfTests {
    private func parse(_ text: String) -> ResolvConf { ResolvConf(parsing: Array(text.utf8)) }

    private func candidates(_ text: String, of name: String) throws -> [String] {
        try parse(text).candidates(for: name).map(\.description)
    }

    @Test func `an empty file has the defaults and no server`() {
        let conf = parse("")
        #expect(conf.servers.isEmpty && conf.search.isEmpty)
        #expect(conf.ndots == 1 && conf.timeout == 5 && conf.attempts == 2)
    }

    @Test func `a file of every kind of line is read`() {
        let conf = parse(
            """
            # made by hand
            ; nameserver 192.0.2.9
            nameserver 10.0.0.2\r
            \tnameserver   fd00::53 # the other one
            nameserver [127.0.0.1]:5353
            nameserver [::1]:5354
            nameserver fe80::1%lo
            domain old.example
            search a.example b.example. # not.this.one
            options ndots:5 timeout:2 attempts:3 rotate edns0
            sortlist 10.0.0.0
            """)
        #expect(
            conf.servers.map(\.description) == ["10.0.0.2", "fd00::53", "127.0.0.1:5353", "[::1]:5354", "fe80::1%lo"])
        #expect(conf.search.map(\.description) == ["a.example.", "b.example."])
        #expect(conf.ndots == 5 && conf.timeout == 2 && conf.attempts == 3)
    }

    @Test func `the last of search and domain counts`() {
        #expect(parse("search a b\ndomain c d").search.map(\.description) == ["c."])
        #expect(parse("domain c\nsearch").search.isEmpty)
    }

    @Test(arguments: [
        "example.com", "10.0.0", "10.0.0.1:53", "10.0.0.1%eth0", "fe80::1%", "[::1]", "[::1]53", "[::1]:0",
        "[::1]:65536",
        "[::1]:x", "[]:53", "[", "",
    ]) func `what is no address of a server is passed over`(text: String) {
        #expect(NameServer(text) == nil)
        #expect(parse("nameserver \(text)\nnameserver 10.0.0.1").servers.map(\.host) == ["10.0.0.1"])
    }

    @Test func `an interface is found, or missed by name`() throws {
        #expect(try NameServer("fe80::1%lo")?.socketAddress().port == 53)
        let error = #expect(throws: DNSError.self) { _ = try NameServer("fe80::1%none0")?.socketAddress() }
        #expect(error?.message == "is behind an interface that does not exist: none0")
    }

    @Test func `numbers out of bounds are brought into them, others are passed over`() {
        let low = parse("options ndots:-1 timeout:0 attempts:0")
        #expect(low.ndots == 0 && low.timeout == 1 && low.attempts == 1)
        let high = parse("options ndots:99 timeout:99999 attempts:9 attempts:99999999999999999999 timeout:x ndots:")
        #expect(high.ndots == 15 && high.timeout == 30 && high.attempts == 5)
    }

    @Test func `lists are bounded`() {
        let lines = (1...100).map { "nameserver 10.0.0.\($0)\n" }.joined()
        let search = "search " + (1...100).map { "d\($0)" }.joined(separator: " ")
        let conf = parse(lines + search)
        #expect(conf.servers.count == ResolvConf.maximumServers)
        #expect(conf.search.count == ResolvConf.maximumDomains)
    }

    @Test func `names are sought as Prometheus seeks them`() throws {
        let conf = "search a.example b.example\noptions ndots:2"
        #expect(try candidates(conf, of: "x") == ["x.a.example.", "x.b.example.", "x."])
        #expect(try candidates(conf, of: "x.y") == ["x.y.a.example.", "x.y.b.example.", "x.y."])
        #expect(try candidates(conf, of: "x.y.z") == ["x.y.z.", "x.y.z.a.example.", "x.y.z.b.example."])
        #expect(try candidates(conf, of: "x.") == ["x."])
        #expect(try candidates("", of: "x") == ["x."])
        #expect(try candidates("search . a.example", of: "x") == ["x.", "x.a.example."])
        #expect(throws: DNSError.self) { _ = try candidates(conf, of: "x..y") }
    }

    @Test func `a name that a domain makes too long is not sought there`() throws {
        let long = (0..<4).map { _ in String(repeating: "a", count: 60) }.joined(separator: ".")
        #expect(try candidates("search example.com.example b", of: long) == [long + ".", long + ".b."])
    }

    @Test func `a file that cannot be read is named`() throws {
        let directory = try TemporaryDirectory()
        let path = directory.path + "/resolv.conf"
        #expect(throws: DNSError(.unusableConfiguration, "cannot read \(path): no such file or directory")) {
            _ = try ResolvConf.read(path)
        }
        #expect(throws: DNSError(.unusableConfiguration, "cannot read \(directory.path): is not a regular file")) {
            _ = try ResolvConf.read(directory.path)
        }
        try Data(repeating: 10, count: 65 << 10).write(to: URL(fileURLWithPath: path))
        #expect(throws: DNSError(.unusableConfiguration, "cannot read \(path): is larger than 64 KiB")) {
            _ = try ResolvConf.read(path)
        }
        try Data("nameserver 10.0.0.1".utf8).write(to: URL(fileURLWithPath: path))
        #expect(try ResolvConf.read(path).servers.map(\.host) == ["10.0.0.1"])
    }
}
