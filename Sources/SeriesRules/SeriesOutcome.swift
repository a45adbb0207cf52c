package import NIOCore

extension SeriesRules {
    /// What has become of a body.
    package struct Outcome: Sendable {
        /// The body to go on with: the very same bytes when nothing changed; empty when the scrape has failed.
        package var body: ByteBuffer
        /// Samples in the body before any rule, as in `scrape_samples_scraped`; up to the failure where it ended the
        /// reading, -1 where they were not counted (protobuf).
        package var scraped: Int
        /// Samples left by the rules, repeated ones included, as in `scrape_samples_post_metric_relabeling`; -1 as above.
        package var kept: Int
        /// Why the scrape has failed; nil when it has not.
        package var failure: SeriesFailure?

        package init(body: ByteBuffer, scraped: Int, kept: Int, failure: SeriesFailure?) {
            self.body = body
            self.scraped = scraped
            self.kept = kept
            self.failure = failure
        }
    }
}
