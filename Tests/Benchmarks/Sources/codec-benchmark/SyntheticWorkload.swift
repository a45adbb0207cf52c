import NIOCore

/// Targets of a given number of series, of which a third moves from round to round: whole-number counters, float
/// counters and gauges in equal parts. All targets have the same lines, as exporters of one kind do.
struct SyntheticWorkload: Workload {
    let name: String
    let isUnique = true
    private let series: Int
    private let lines: [[UInt8]]
    private var bodies: [ByteBuffer] = []
    private var counters: [[UInt64]] = []
    private var state: UInt64 = 42

    init(series: Int) {
        name = "\(series) series"
        self.series = series
        lines = (0..<series).map { number in
            let family = number / 20
            let head =
                number % 20 == 0
                ? "# HELP app_family_\(family)_total Things of kind \(family) that happened.\n# TYPE app_family_\(family)_total counter\n"
                : ""
            let labels = "instance_zone=\"zone-\(number % 3)\",handler=\"/api/v1/resource/\(number % 20)\",code=\"200\""
            return Array("\(head)app_family_\(family)_total{\(labels)} ".utf8)
        }
    }

    private mutating func random() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }

    mutating func prepare(round: Int, targets: Int) {
        // Bodies are shared among targets beyond the memory it would take; their values still move.
        let kinds = min(targets, max(1, 4_000_000 / series))
        while counters.count < kinds { counters.append((0..<series).map { UInt64($0) * 1_000 }) }
        bodies = []
        for kind in 0..<kinds {
            var body = ByteBuffer()
            for number in 0..<series {
                if random() % 100 < 32 { counters[kind][number] += random() % 2_000 + 1 }
                body.writeBytes(lines[number])
                let value = counters[kind][number]
                if number % 3 == 1 {
                    body.writeString("\(value / 1_000).\(1_000 + value % 1_000)")
                } else {
                    body.writeString("\(value)")
                }
                body.writeInteger(UInt8(ascii: "\n"))
            }
            bodies.append(body)
        }
    }

    func body(target: Int) -> ByteBuffer { bodies[target % bodies.count] }

    func samples(target: Int) -> Int { series }
}
