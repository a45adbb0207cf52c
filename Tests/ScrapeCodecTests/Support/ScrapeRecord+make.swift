import NIOCore
import ScrapeCodec

extension ScrapeRecord {
    static let textType = "text/plain; version=0.0.4; charset=utf-8"
    static let protobufType =
        "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"

    /// A scrape that went well.
    static func make(
        _ body: ByteBuffer, contentType: String = textType, time: Int64 = 1_700_000_000_003,
        outcome: ScrapeOutcome = .success
    ) -> ScrapeRecord {
        ScrapeRecord(
            scheduled: time, timestamp: time, duration: 1234, outcome: outcome, contentType: contentType, body: body)
    }

    static func make(_ body: String, contentType: String = textType) -> ScrapeRecord {
        make(ByteBuffer(string: body), contentType: contentType)
    }
}
