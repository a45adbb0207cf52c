import Relabeling
import Settings
import Synchronization
import Testing

@testable import Discovery

/// Looking names up over real sockets: what is found, and what survives which mistake.
@Suite(.timeLimit(.minutes(3)))
struct DNSProviderTests {
    private static func srv(_ target: String, _ port: UInt16) -> DNSRecord {
        .srv(priority: 0, weight: 0, port: port, target: (try? DNSName.parse(target).name) ?? .root)
    }

    private func config(
        _ names: String..., type: DNSSDConfig.RecordType = .a, every interval: Int64 = 20
    ) -> DNSSDConfig {
        DNSSDConfig(names: names, type: type, port: 9100, refreshInterval: interval)
    }

    @Test func `services are found with Prometheus' labels`() async throws {
        let server = try await TestDNSServer.start {
            [$0.answer([Self.srv("b.example", 2), Self.srv("a.example", 1)])]
        }
        let fixture = try await DNSProviderFixture(config("_x._tcp.example", type: .srv), resolvConf: server.line)
        let report = await fixture.report()
        #expect(report?.problems == [])
        #expect(report?.groups?.map(\.targets) == [["a.example:1"], ["b.example:2"]])
        #expect(
            report?.groups?.first?.labels
                == Labels([
                    ("__meta_dns_name", "_x._tcp.example"), ("__meta_dns_srv_record_port", "1"),
                    ("__meta_dns_srv_record_target", "a.example."),
                ]))
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `an answer that no datagram holds comes over TCP`() async throws {
        let addresses = (0..<1000).map { DNSRecord.a([10, 0, UInt8($0 / 250), UInt8($0 % 250)]) }
        let server = try await TestDNSServer.start { [$0.answer(addresses)] }
        let fixture = try await DNSProviderFixture(config("many.example", every: 60_000), resolvConf: server.line)
        #expect(await fixture.targets()?.count == 1000)
        #expect(server.questions == ["many.example", "many.example tcp"])
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `errors keep what was found, a name that is gone loses it`() async throws {
        let server = try await TestDNSServer.start { [$0.answer([.a([10, 0, 0, 1])])] }
        let fixture = try await DNSProviderFixture(config("x.example."), resolvConf: server.line)
        #expect(await fixture.targets() == ["10.0.0.1:9100"])
        server.become { [$0.answer(code: .serverFailure)] }
        let report = await fixture.report()
        #expect(report?.groups == nil && report?.failures == 1)
        #expect(
            report?.problems == [
                #"dns_sd_configs: "x.example.": nobody can say what x.example. is: 127.0.0.1:"#
                    + "\(server.port) answered SERVFAIL; what was found before stays"
            ])
        server.become { [$0.answer(code: .noSuchName)] }
        #expect(await fixture.report()?.groups == [])
        server.become { [$0.answer([.a([10, 0, 0, 2])])] }
        #expect(await fixture.targets() == ["10.0.0.2:9100"])
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `one name's error is its own`() async throws {
        let server = try await TestDNSServer.start { query in
            [query.name == "good" ? query.answer([.a([10, 0, 0, 1])]) : query.answer(code: .refused)]
        }
        let fixture = try await DNSProviderFixture(config("bad", "good", "worse..", every: 20), resolvConf: server.line)
        // Together, unless the machine is very busy.
        var found: [TargetGroup]?
        var problems: [String] = []
        while found == nil || problems.count < 2, let report = await fixture.report() {
            found = report.groups ?? found
            problems += report.problems
        }
        #expect(found?.flatMap(\.targets) == ["10.0.0.1:9100"])
        #expect(problems.contains { $0.hasPrefix(#"dns_sd_configs: "bad": nobody can say what bad. is: "#) })
        #expect(problems.contains { $0.hasPrefix(#"dns_sd_configs: "worse..": "worse.." is no DNS name"#) })
        // Both the right way round now: the one that fails keeps its target.
        server.become { query in
            [query.name == "bad" ? query.answer([.a([10, 0, 0, 2])]) : query.answer(code: .refused)]
        }
        #expect(await fixture.targets() == ["10.0.0.2:9100", "10.0.0.1:9100"])
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `names are sought in the search list`() async throws {
        let server = try await TestDNSServer.start { query in
            [query.name == "x.b.example" ? query.answer([.a([10, 0, 0, 1])]) : query.answer(code: .noSuchName)]
        }
        let fixture = try await DNSProviderFixture(
            config("x", every: 60_000), resolvConf: server.line + "search a.example b.example c.example\n")
        let report = await fixture.report()
        #expect(report?.groups?.first?.labels["__meta_dns_name"] == "x")
        #expect(server.questions == ["x.a.example", "x.b.example"])
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `forged and foreign answers are passed over`() async throws {
        let server = try await TestDNSServer.start { query in
            var wrongID = query.message
            wrongID.id &+= 1
            var wrongName = query.message
            wrongName.question?.name = .root
            let forged = [wrongID, wrongName].map {
                TestDNSServer.Query(message: $0, isTCP: query.isTCP).answer([.a([6, 6, 6, 6])])
            }
            return forged + [[], [1, 2, 3], query.answer([.a([10, 0, 0, 1])])]
        }
        let fixture = try await DNSProviderFixture(config("x"), resolvConf: server.line)
        #expect(await fixture.targets() == ["10.0.0.1:9100"])
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `a server that is not there or silent gives way to the next`() async throws {
        // A port that the kernel gives to nobody.
        let gone = "nameserver [127.0.0.1]:1\n"
        let silent = try await TestDNSServer.start { _ in [] }
        let good = try await TestDNSServer.start { [$0.answer([.a([10, 0, 0, 1])])] }
        let fixture = try await DNSProviderFixture(
            config("x"), resolvConf: gone + silent.line + good.line + "options timeout:1\n")
        let report = await fixture.report()
        #expect(report?.groups?.flatMap(\.targets) == ["10.0.0.1:9100"])
        #expect(report?.problems == [])
        #expect(try await fixture.stop())
        try await silent.stop()
        try await good.stop()
    }

    @Test func `a server that hangs up over TCP or sends rubbish counts as one that failed`() async throws {
        let server = try await TestDNSServer.start { query in
            query.isTCP
                ? [Array(query.answer([.a([1, 2, 3, 4])]).dropLast())]
                : [query.answer(Array(repeating: .a([1, 2, 3, 4]), count: 200))]
        }
        let fixture = try await DNSProviderFixture(config("x"), resolvConf: server.line)
        let report = await fixture.report()
        #expect(report?.groups == nil)
        #expect(report?.problems.first?.contains("sent a malformed answer: it ends too early") == true)
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `resolv.conf is read again`() async throws {
        let one = try await TestDNSServer.start { [$0.answer([.a([10, 0, 0, 1])])] }
        let two = try await TestDNSServer.start { [$0.answer([.a([10, 0, 0, 2])])] }
        let fixture = try await DNSProviderFixture(config("x"), resolvConf: nil)
        #expect(
            await fixture.report()?.problems == [
                "dns_sd_configs: cannot read \(fixture.path): no such file or directory; what was found before stays"
            ])
        try fixture.write(one.line)
        #expect(await fixture.targets() == ["10.0.0.1:9100"])
        try fixture.write(two.line)
        #expect(await fixture.targets() == ["10.0.0.2:9100"])
        try fixture.write("# nothing\n")
        #expect(
            await fixture.report()?.problems == [
                #"dns_sd_configs: "x": resolv.conf names no server; what was found before stays"#
            ])
        #expect(try await fixture.stop())
        try await one.stop()
        try await two.stop()
    }

    @Test func `hundreds of names are looked up a few at a time, and told together`() async throws {
        let server = try await TestDNSServer.start { query in
            [query.answer([.a([10, 0, 0, UInt8(query.name.utf8.count)])])]
        }
        let names = (0..<300).map { "n\($0)" }
        let fixture = try await DNSProviderFixture(
            DNSSDConfig(names: names + names, type: .a, port: 9100, refreshInterval: 60_000), resolvConf: server.line)
        var found: [TargetGroup] = []
        // On a busy machine it may take more than the second for which it waits.
        while found.count < 300, let groups = await fixture.report()?.groups { found = groups }
        #expect(found.map { $0.labels["__meta_dns_name"] } == names)
        #expect(Set(server.questions) == Set(names))
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `a dead server with many names fills no log`() async throws {
        let server = try await TestDNSServer.start { [$0.answer(code: .serverFailure)] }
        let names = (0..<100).map { "n\($0)" }
        let fixture = try await DNSProviderFixture(
            DNSSDConfig(names: names, type: .a, port: 9100, refreshInterval: 60_000), resolvConf: server.line)
        let report = await fixture.report()
        #expect(report?.groups == nil)
        #expect((2...9).contains(report?.problems.count ?? 0))
        #expect(report?.problems.last?.hasSuffix("more problems like these") == true)
        #expect(try await fixture.stop())
        try await server.stop()
    }

    @Test func `stopping in the midst of a look-up leaves nothing behind`() async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        let server = try await TestDNSServer.start { _ in
            continuation.yield()
            return []
        }
        let fixture = try await DNSProviderFixture(config("x"), resolvConf: server.line)
        for await _ in stream { break }
        #expect(try await fixture.stop())
        try await server.stop()
    }
}
