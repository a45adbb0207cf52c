import NIOCore

/// The text all synthetic targets share: comments, names and labels of about 85 bytes a sample, in families of twenty.
struct SyntheticLayout: Sendable {
    /// What a family's values do.
    enum Kind: CaseIterable, Sendable {
        case integerCounter, secondsCounter, integerGauge, ratioGauge
    }

    /// A family's comments and the text before each of its values.
    struct Family: Sendable {
        let kind: Kind
        /// HELP and TYPE lines.
        let comments: [UInt8]
        /// Series text and the space behind it, one entry a sample.
        let series: [[UInt8]]
    }

    /// Samples of a family, the last one excepted.
    static let familySize = 20

    let families: [Family]
    let samples: Int

    /// The layout for `samples` samples a target.
    init(samples: Int) {
        self.samples = samples
        families = stride(from: 0, to: samples, by: Self.familySize).map { first in
            Self.family(number: first / Self.familySize, size: min(Self.familySize, samples - first))
        }
    }

    private static let subsystems = [
        "http_server", "grpc_client", "node_disk", "container_fs", "kafka_consumer", "pg_stat",
    ]
    private static let objects = [
        "requests", "responses", "operations", "connections", "messages", "transactions", "rows",
    ]
    private static let zones = ["eu-central-1a", "eu-central-1b", "us-east-1c", "ap-south-1a"]
    private static let routes = ["orders", "checkout", "inventory", "sessions", "invoices"]

    private static func family(number: Int, size: Int) -> Family {
        let kind = Kind.allCases[number % Kind.allCases.count]
        let unit =
            switch kind {
            case .integerCounter: "total"
            case .secondsCounter: "seconds_total"
            case .integerGauge: "bytes"
            case .ratioGauge: "ratio"
            }
        let stem = subsystems[number % subsystems.count] + "_" + objects[number / subsystems.count % objects.count]
        let round = number / (subsystems.count * objects.count)
        let name = round == 0 ? "\(stem)_\(unit)" : "\(stem)_v\(round)_\(unit)"
        let type = kind == .integerCounter || kind == .secondsCounter ? "counter" : "gauge"
        let series = (0..<size).map { index in
            let zone = zones[index % zones.count]
            let route = routes[index / zones.count % routes.count]
            return Array("\(name){handler=\"/api/v1/store/\(route)\",zone=\"\(zone)\"} ".utf8)
        }
        return Family(
            kind: kind,
            comments: Array("# HELP \(name) What \(stem) has seen, in \(unit).\n# TYPE \(name) \(type)\n".utf8),
            series: series)
    }
}
