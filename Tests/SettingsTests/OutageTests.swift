import Settings
import Testing

@Suite struct OutageTests {
    private func settings(_ maxSize: UInt64, directory: String? = "/x", memorySize: UInt64 = 64 << 20)
        -> AgentLogSettings
    {
        var settings = AgentLogSettings()
        settings.directory = directory
        settings.maxSize = maxSize
        settings.memorySize = memorySize
        return settings
    }

    @Test(arguments: [
        (UInt64(1 << 30), 1000.0, "at 1000 samples/s the log of 1GiB covers about 329 hours (14 days) of outage"),
        (1 << 30, 100_000, "at 100000 samples/s the log of 1GiB covers about 3.3 hours of outage"),
        (1 << 20, 100_000, "at 100000 samples/s the log of 1MiB covers about 12 s of outage"),
        (1 << 20, 2.5, "at 2.5 samples/s the log of 1MiB covers about 129 hours (5.4 days) of outage"),
        (64 << 20, 100_000, "at 100000 samples/s the log of 64MiB covers about 12 minutes of outage"),
    ])
    func `check says what outage the log covers`(size: UInt64, rate: Double, beginning: String) {
        let line = settings(size).describeOutage(samplesPerSecond: rate)
        #expect(line.hasPrefix(beginning + " (assumed: 0.85 bytes a sample"), "\(line)")
    }

    @Test func `a log in memory covers what its memory does`() {
        let log = settings(1 << 40, directory: nil)
        #expect(log.outageCovered(samplesPerSecond: 1000) == Double(60 << 20) / 850)
        #expect(log.describeOutage(samplesPerSecond: 1000).contains("the log of 64MiB covers"))
    }

    @Test func `rates from hardly any to absurd give a line`() {
        for rate in [1e-300, 1e-9, 1, 1e12, .greatestFiniteMagnitude] {
            #expect(settings(1 << 60).describeOutage(samplesPerSecond: rate).contains("of outage"))
        }
    }
}
