/// What one workload costs, after the first round.
struct Figures {
    var name: String
    var targets: Int
    var samples = 0
    /// Nanoseconds of CPU, all rounds together.
    var encode = 0.0
    var decode = 0.0
    var render = 0.0
    /// Nanoseconds a sample in the round that took least: what a machine with nothing else to do needs.
    var leastEncode = Double.infinity
    var leastDecode = Double.infinity
    var leastRender = Double.infinity
    /// Bytes of payloads of scrapes and of dictionary records, of records with their headers.
    var payloads = 0
    var lines = 0
    var records = 0
    /// Bytes of those when the tunnel has compressed them, without frames, acknowledgements and TLS; nil where that says
    /// nothing.
    var sent: Int?
    /// Bytes of records in the first round, and its samples.
    var firstRecords = 0
    var firstSamples = 0
    /// Bytes in use on the heap for a series, by the encoder and by the decoder.
    var encoderMemory = 0.0
    var decoderMemory = 0.0

    static let heading = [
        "workload", "targets", "encode", "(least)", "decode", "(least)", "render", "(least)", "payload", "+lines",
        "+headers", "zstd", "first", "agent B", "collector B",
    ]

    var row: [String] {
        let count = Double(max(samples, 1))
        return [
            name, "\(targets)", Self.text(encode / count), Self.text(leastEncode), Self.text(decode / count),
            Self.text(leastDecode), Self.text(render / count), Self.text(leastRender),
            Self.text(Double(payloads) / count, 3), Self.text(Double(payloads + lines) / count, 3),
            Self.text(Double(records) / count, 3), sent.map { Self.text(Double($0) / count, 3) } ?? "-",
            Self.text(Double(firstRecords) / Double(max(firstSamples, 1)), 1),
            Self.text(encoderMemory), Self.text(decoderMemory),
        ]
    }

    private static func text(_ value: Double, _ decimals: Int = 1) -> String {
        guard value.isFinite else { return "-" }
        var unit = 1.0
        for _ in 0..<decimals { unit *= 10 }
        let scaled = Int((value * unit).rounded())
        let fraction = "\(scaled % Int(unit))"
        return "\(scaled / Int(unit))." + String(repeating: "0", count: decimals - fraction.count) + fraction
    }
}
