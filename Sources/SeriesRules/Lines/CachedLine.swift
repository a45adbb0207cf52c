/// What is known of one line, identified by its bytes up to the value. 28 bytes; its texts are the cache's.
struct CachedLine {
    /// What becomes of the line. A line that fails its scrape is not kept.
    enum Verdict: UInt8 {
        case keep, drop, rewrite
        /// Prometheus refuses the line: nothing of it is changed, so that it stays refused.
        case refused
    }

    /// Where its bytes are in the cache's texts; those it is rewritten to follow.
    var start: UInt32 = 0
    var length: UInt32 = 0
    var rewritten: UInt32 = 0
    /// The line that followed it when it was last seen; 0 when that is not known.
    var next: UInt32 = 0
    /// The number of the scrape it was last seen in.
    var seen: UInt32 = 0
    var hash: UInt32 = 0
    var verdict = Verdict.keep
    /// The family that the verdict holds for; nil when it holds for all.
    var family: MetricFamily?

    func holds(in family: MetricFamily) -> Bool { self.family == nil || self.family == family }
}
