import Settings
import Testing

struct ValueTests {
    @Test(
        arguments: [
            ("0", 0), ("0s", 0), ("1ms", 1), ("15s", 15_000), ("1m", 60_000), ("1h30m", 5_400_000), ("1d", 86_400_000),
            ("2w", 1_209_600_000), ("1y", 31_536_000_000), ("1y2w3d4h5m6s7ms", 33_019_506_007), ("90m", 5_400_000),
            ("007s", 7000), ("292y", 9_208_512_000_000),
        ] as [(String, Int64)]) func `durations are read as Prometheus reads them`(text: String, milliseconds: Int64)
    {
        #expect(PrometheusDuration.milliseconds(text) == milliseconds)
    }

    @Test(arguments: [
        "", "1", "s", "-1s", "+1s", "1.5s", "1s1m", "1s2s", "1m 1s", " 1s", "1S", "1sec", "00", "0x1s", "293y",
        "99999999999999999999s", "9223372036854775807ms", "1:30", "٣s",
    ]) func `other texts are no durations`(text: String) {
        #expect(PrometheusDuration.milliseconds(text) == nil)
    }

    @Test(
        arguments: [
            (0, "0s"), (1, "1ms"), (15_000, "15s"), (90_000, "1m30s"), (5_400_000, "1h30m"), (604_800_000, "1w"),
            (691_200_000, "8d"), (31_536_000_000, "1y"), (31_536_000_001, "365d1ms"),
        ] as [(Int64, String)]) func `durations are printed as Prometheus prints them`(
            milliseconds: Int64, text: String
        )
    {
        #expect(PrometheusDuration.text(milliseconds) == text)
    }

    @Test func `a printed duration reads as itself`() {
        let seed = UInt64.random(in: .min ... .max)
        var state = seed
        for _ in 0..<2000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let value = Int64(state >> (1 + state % 40)) % 9_223_372_036_854
            #expect(PrometheusDuration.milliseconds(PrometheusDuration.text(value)) == value, "seed \(seed)")
        }
    }

    @Test(
        arguments: [
            ("0", 0), ("1", 1), ("1024", 1024), ("5B", 5), ("1KB", 1024), ("1KiB", 1024), ("64MiB", 64 << 20),
            ("1GB", 1 << 30), ("1GiB", 1 << 30), ("2TB", 2 << 40), ("1PiB", 1 << 50), ("15EiB", 15 << 60),
            ("1.5KiB", 1536), ("0.5MB", 1 << 19), ("1.000000001GiB", 1_073_741_825),
        ] as [(String, UInt64)]) func `sizes are base 2 whatever they are called`(text: String, bytes: UInt64)
    {
        #expect(ByteSize.bytes(text) == bytes)
    }

    @Test(arguments: [
        "", "B", "MiB", "-1", "1.MB", ".5MB", "1.5", "1.5B", "1kb", "1K", "1 MB", "16EiB", "18446744073709551616",
        "1ZB",
        "1e3", "0x10", "1_000",
    ]) func `other texts are no sizes`(text: String) {
        #expect(ByteSize.bytes(text) == nil)
    }

    @Test(
        arguments: [(0, "0B"), (1, "1B"), (1536, "1536B"), (1024, "1KiB"), (64 << 20, "64MiB"), (3 << 29, "1536MiB")]
            as [(UInt64, String)]) func `sizes are printed with their greatest unit`(bytes: UInt64, text: String)
    {
        #expect(ByteSize.text(bytes) == text)
    }

    @Test func `a secret is never printed`() {
        let secret = Secret("hunter2")
        var dumped = ""
        dump(secret, to: &dumped)
        #expect("\(secret) \(String(reflecting: secret)) \([secret]) \(dumped)".contains("hunter2") == false)
        #expect("\(secret)" == "<secret>")
        #expect(secret.value == "hunter2")
    }

    @Test(arguments: ["a", "vpc-a", "0", "a.b_c-d", String(repeating: "a", count: 63)])
    func `agent names`(name: String) {
        #expect(AgentEntry.isValidName(name))
    }

    @Test(arguments: ["", "A", "-a", ".a", "_a", "a/b", "..", "a b", "é", String(repeating: "a", count: 64)])
    func `other texts are no agent names`(name: String) {
        #expect(!AgentEntry.isValidName(name))
    }
}
