import Exposition
import Testing

@Suite("Content types")
struct ContentTypeTests {
    @Test(
        "the media type decides, whatever its case, blanks and parameters",
        arguments: [
            ("text/plain", ContentType.text),
            ("text/plain; version=0.0.4; charset=utf-8", .text),
            ("text/plain;version=\"0.0.4\"", .text),
            ("TEXT/Plain ; version=1.0.0; escaping=allow-utf-8", .text),
            ("\ttext/plain\r", .text),
            ("text/plain; charset", .text),
            ("text/plain;;;=", .text),
            ("text/plain; x=\"application/openmetrics-text\"", .text),
            ("application/openmetrics-text; version=1.0.0; charset=utf-8", .openMetrics),
            ("Application/OpenMetrics-Text", .openMetrics),
            (
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited",
                .protobuf
            ),
            ("", .other), (";", .other), ("   ", .other), ("text", .other), ("text/plainer", .other),
            ("text/plain foo", .other), ("\"text/plain\"", .other), ("text /plain", .other), ("text/html", .other),
            ("application/json; text/plain", .other), ("téxt/plain", .other),
        ])
    func mediaType(header: String, expected: ContentType) {
        #expect(ContentType(header) == expected)
        #expect(ContentType(bytes: Array(header.utf8)) == expected)
    }

    @Test func `a header that is no UTF-8 is of another kind`() {
        #expect(ContentType(bytes: [0xFF, 0xFE, 0x3B]) == .other)
    }
}
