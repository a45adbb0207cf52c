import Relabeling
import Settings

/// Makes groups of targets out of the records of a name, with Prometheus' labels.
enum DNSTargets {
    /// Sorted and each once: servers that rotate their answers change nothing. Records of other types, such as the
    /// aliases on the way, are passed over, and so are those that say "no such service" by naming the root.
    static func groups(of name: String, _ records: [DNSRecord], config: DNSSDConfig) -> [TargetGroup] {
        let port = config.port ?? 0
        var addresses: [String] = []
        var groups: [TargetGroup] = []
        for record in records {
            switch (record, config.type) {
            case (.a(let bytes), .a), (.aaaa(let bytes), .aaaa):
                addresses.append(AddressText.join(AddressText.text(bytes), port))
            case (.srv(_, _, let port, let target), .srv) where target != .root:
                groups.append(
                    group(
                        name, target, port: Int(port),
                        [
                            ("__meta_dns_srv_record_target", target.description),
                            ("__meta_dns_srv_record_port", "\(port)"),
                        ]))
            case (.mx(_, let target), .mx) where target != .root:
                groups.append(group(name, target, port: port, [("__meta_dns_mx_record_target", target.description)]))
            case (.ns(let target), .ns) where target != .root:
                groups.append(group(name, target, port: port, [("__meta_dns_ns_record_target", target.description)]))
            default: continue
            }
        }
        if !addresses.isEmpty {
            groups.append(
                TargetGroup(targets: Set(addresses).sorted(), labels: Labels([("__meta_dns_name", name)])))
        }
        return Set(groups).sorted { ($0.targets.first ?? "") < ($1.targets.first ?? "") }
    }

    /// The label keeps the dot at the end, the address does without.
    private static func group(
        _ name: String, _ target: DNSName, port: Int, _ labels: [(String, String)]
    ) -> TargetGroup {
        TargetGroup(
            targets: [AddressText.join(String(target.description.dropLast()), port)],
            labels: Labels([("__meta_dns_name", name)] + labels))
    }
}

extension DNSSDConfig.RecordType {
    /// Its number in messages.
    var number: UInt16 {
        switch self {
        case .srv: DNSType.srv
        case .a: DNSType.a
        case .aaaa: DNSType.aaaa
        case .mx: DNSType.mx
        case .ns: DNSType.ns
        }
    }
}
