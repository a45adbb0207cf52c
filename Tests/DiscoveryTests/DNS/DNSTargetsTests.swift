import Relabeling
import Settings
import Testing

@testable import Discovery

/// What records become: addresses and labels, as Prometheus makes them.
struct DNSTargetsTests {
    private func name(_ text: String) throws -> DNSName { try DNSName.parse(text).name }

    private func groups(_ type: DNSSDConfig.RecordType, _ records: [DNSRecord]) -> [TargetGroup] {
        DNSTargets.groups(of: "n.example", records, config: DNSSDConfig(names: [], type: type, port: 9100))
    }

    @Test func `SRV records have their own port`() throws {
        let found = groups(
            .srv,
            [
                .cname(try name("alias")),
                .srv(priority: 1, weight: 2, port: 8080, target: try name("web-2.example.com")),
                .srv(priority: 1, weight: 2, port: 80, target: try name("web-1.example.com")), .a([1, 2, 3, 4]),
            ])
        #expect(
            found == [
                TargetGroup(
                    targets: ["web-1.example.com:80"],
                    labels: Labels([
                        ("__meta_dns_name", "n.example"), ("__meta_dns_srv_record_port", "80"),
                        ("__meta_dns_srv_record_target", "web-1.example.com."),
                    ])),
                TargetGroup(
                    targets: ["web-2.example.com:8080"],
                    labels: Labels([
                        ("__meta_dns_name", "n.example"), ("__meta_dns_srv_record_port", "8080"),
                        ("__meta_dns_srv_record_target", "web-2.example.com."),
                    ])),
            ])
    }

    @Test func `addresses get the port of the configuration, IPv6 ones brackets`() {
        let labels = Labels([("__meta_dns_name", "n.example")])
        #expect(
            groups(.a, [.a([10, 0, 0, 2]), .a([10, 0, 0, 1]), .a([10, 0, 0, 2]), .other])
                == [TargetGroup(targets: ["10.0.0.1:9100", "10.0.0.2:9100"], labels: labels)])
        #expect(
            groups(.aaaa, [.aaaa([0xfd] + Array(repeating: 0, count: 14) + [1])])
                == [TargetGroup(targets: ["[fd00::1]:9100"], labels: labels)])
        #expect(groups(.aaaa, [.a([10, 0, 0, 1])]).isEmpty)
    }

    @Test func `MX and NS records name their host`() throws {
        #expect(
            groups(.mx, [.mx(preference: 10, exchange: try name("Mail.example"))]) == [
                TargetGroup(
                    targets: ["Mail.example:9100"],
                    labels: Labels([("__meta_dns_name", "n.example"), ("__meta_dns_mx_record_target", "Mail.example.")])
                )
            ])
        #expect(
            groups(.ns, [.ns(try name("ns1.example"))]) == [
                TargetGroup(
                    targets: ["ns1.example:9100"],
                    labels: Labels([("__meta_dns_name", "n.example"), ("__meta_dns_ns_record_target", "ns1.example.")]))
            ])
    }

    @Test func `the order of an answer changes nothing, and the root is no target`() throws {
        let one = DNSRecord.srv(priority: 0, weight: 0, port: 1, target: try name("a"))
        let two = DNSRecord.srv(priority: 0, weight: 0, port: 1, target: try name("b"))
        #expect(groups(.srv, [one, two]) == groups(.srv, [two, one, two]))
        #expect(groups(.srv, [.srv(priority: 0, weight: 0, port: 0, target: .root)]).isEmpty)
        #expect(groups(.mx, [.mx(preference: 0, exchange: .root)]).isEmpty)
    }
}
