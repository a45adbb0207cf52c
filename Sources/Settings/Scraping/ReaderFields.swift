/// Fields of a job that only who stores the samples can honour: they are checked here, and the person is told where they
/// belong.
enum ReaderFields {
    private static let switches = [
        "track_timestamps_staleness", "always_scrape_classic_histograms", "scrape_classic_histograms",
        "convert_classic_histograms_to_nhcb", "extra_scrape_metrics",
    ]

    static func read(_ reader: MappingReader) {
        for key in switches {
            guard let value = reader.bool(key), value.value else { continue }
            tell(key, at: value.key, reader)
        }
        for key in ["native_histogram_bucket_limit", "keep_dropped_targets"] {
            guard let value = reader.count(key), value.value > 0 else { continue }
            tell(key, at: value.key, reader)
        }
        if let factor = reader.string("native_histogram_min_bucket_factor", expected: "a number"), factor.value != "0" {
            if Double(factor.value) == nil {
                reader.reject(
                    "native_histogram_min_bucket_factor", at: factor.position, expected: "a number",
                    found: Quotation.quote(factor.value))
            }
            tell("native_histogram_min_bucket_factor", at: factor.key, reader)
        }
        if let http2 = reader.bool("enable_http2"), http2.value {
            reader.log.note("enable_http2: targets are scraped over HTTP/1.1", at: http2.key)
        }
    }

    private static func tell(_ key: String, at place: SourcePosition, _ reader: MappingReader) {
        reader.log.note(
            "\(key) is for the Prometheus that stores the samples: set it in the job that reads the collector's /sd",
            at: place)
    }
}
