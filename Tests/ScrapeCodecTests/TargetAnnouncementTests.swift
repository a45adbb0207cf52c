import NIOCore
import ScrapeCodec
import TestSupport
import Testing

@Suite struct TargetAnnouncementTests {
    private var announcement: TargetAnnouncement {
        TargetAnnouncement(
            labels: [Label(name: "instance", value: "10.0.0.1:9100"), Label(name: "job", value: "nøde")],
            url: "http://10.0.0.1:9100/metrics?a=1&a=2", interval: 15000, timeout: 10000, jobName: "node",
            honorLabels: true, address: "10.0.0.1:9100", scheme: "https", metricsPath: "/metrics",
            params: [URLParameter(name: "a", values: ["1", ""]), URLParameter(name: "b", values: [])])
    }

    private func encoded(_ announcement: TargetAnnouncement) -> ByteBuffer {
        var buffer = ByteBuffer()
        announcement.encode(into: &buffer)
        return buffer
    }

    @Test func `an announcement comes back as it was, and unknown fields are skipped`() throws {
        var buffer = encoded(announcement)
        #expect(try TargetAnnouncement(decoding: buffer) == announcement)
        buffer.writeBytes([99, 3, 1, 2, 3])
        #expect(try TargetAnnouncement(decoding: buffer) == announcement)
    }

    @Test func `too many labels or bytes are refused on both sides`() {
        var many = announcement
        many.labels = (0..<129).map { Label(name: "l\($0)", value: "") }
        var long = announcement
        long.url = String(repeating: "x", count: 65536)
        for announcement in [many, long] {
            #expect(throws: ScrapeCodecError.self) { try announcement.validate() }
            let error = #expect(throws: ScrapeCodecError.self) {
                try TargetAnnouncement(decoding: encoded(announcement))
            }
            #expect(error?.code == .tooLarge && error?.culprit == "target announcement")
        }
    }

    @Test func `text that is no UTF-8 is refused by the field's name`() {
        let error = #expect(throws: ScrapeCodecError.self) {
            try TargetAnnouncement(decoding: ByteBuffer(bytes: [2, 1, 0xFF]))
        }
        #expect(error?.description == "url: not UTF-8")
    }

    @Test(arguments: 0..<2)
    func `damaged announcements never trap`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let good = encoded(announcement)
        for _ in 0..<10000 { _ = try? TargetAnnouncement(decoding: random.mutated(good)) }
    }
}
