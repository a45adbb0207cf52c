import Exposition
package import NIOCore
package import Relabeling

// SeriesRules owns what a job asks of the series in a body: how the labels of the body and of the target are joined,
// the rules of `metric_relabel_configs`, the limits on samples and labels, and the removal of timestamps. It writes a
// body anew only where one of these changes it. It does no I/O and knows no clock; what a line means is Exposition's,
// what a rule does is Relabeling's.

/// The rules of one job at work on the bodies of one target.
///
/// Owns what was found out about each line of the last two scrapes, so that labels are read and rules are run once for
/// a new line and never again. Memory is bounded by the text of those lines, as they came and as they are rewritten, plus
/// about 50 bytes for each. A known line takes some 25 ns, a new one some microseconds. Not thread-safe: confined to
/// whoever scrapes the target.
package final class SeriesRules {
    package let policy: SeriesPolicy
    package let targetLabels: Labels

    private let judge: SeriesJudge
    private var cache = LineCache()
    /// The format the cache was filled in: what is a valid line depends on it.
    private var format = ContentType.text

    /// - Parameter targetLabels: the final labels of the target, as its reader will put them on every series.
    package init(policy: SeriesPolicy, targetLabels: Labels) {
        self.policy = policy
        self.targetLabels = targetLabels
        judge = SeriesJudge(policy: policy, targetLabels: targetLabels)
    }

    /// Applies the policy to the body of one scrape.
    ///
    /// Never throws: what Prometheus would fail the scrape for is in the outcome. Lines that are no samples stay as they
    /// are, and so does whatever Prometheus would refuse a body for, so that it is still refused. A protobuf body is
    /// returned as it is, uncounted and unlimited.
    package func apply(to body: ByteBuffer, contentType: String) -> Outcome {
        let format = ContentType(contentType)
        guard format.hasLines else { return Outcome(body: body, scraped: -1, kept: -1, failure: nil) }
        if format != self.format {
            cache = LineCache()
            self.format = format
        }
        // Taken out, so that it is changed in place and without a look at whether somebody else does.
        var cache = LineCache()
        swap(&cache, &self.cache)
        defer { swap(&cache, &self.cache) }
        cache.beginScrape()
        let outcome = unsafe body.withUnsafeReadableBytes { bytes in
            unsafe bytes.withMemoryRebound(to: UInt8.self) { bytes in
                var pass = unsafe BodyPass(bytes, format: format, judge: judge)
                let failure = unsafe pass.run(bytes, &cache)
                let kept = failure == nil ? pass.page ?? body : ByteBuffer()
                return Outcome(body: kept, scraped: pass.walk.scraped, kept: pass.walk.kept, failure: failure)
            }
        }
        cache.endScrape()
        return outcome
    }

    /// Bytes that are kept between two scrapes.
    package var memory: Int { cache.memory }
}
