/// How many samples a scrape had: before the job's rules and limits (`scrape_samples_scraped`), and after its rules
/// (`scrape_samples_post_metric_relabeling`).
package struct SampleCounts: Sendable, Hashable {
    package var scraped: UInt32
    package var kept: UInt32

    package init(scraped: UInt32, kept: UInt32) {
        self.scraped = scraped
        self.kept = kept
    }
}
