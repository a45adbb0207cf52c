import HTTPClient
import ScrapeCodec
import SeriesRules

extension ScrapeOutcome {
    /// The ending of a scrape whose series broke a limit of the job, or lost their name to its rules.
    init(_ failure: SeriesFailure) {
        // The same sentences fit for a status line.
        let sentence = HTTPClientError(.bodyTooLarge, failure.message).message
        let isLimit = failure.code != .missingMetricName && failure.code != .unreadableLine
        self.init(code: isLimit ? .bodyTooLarge : .badEncoding, message: sentence)
    }
}
