import Exposition
import Relabeling

/// Decides what becomes of a series, from its line alone: it is the slow part that each new line goes through once.
struct SeriesJudge {
    let policy: SeriesPolicy
    private let chain: [RelabelRule]
    private let target: Labels
    private let targetPairs: [(name: String, value: String)]
    /// Whether the reader of the page lets its labels win: it has to, where rules change what the target has.
    private let readerHonorsLabels: Bool

    enum Verdict {
        /// The line stays as it is.
        case keep
        case drop
        /// Prometheus refuses the line, and the body with it: it stays as it is, so that no rule mends a body.
        case refused
        /// The line begins with these bytes, up to its value.
        case rewrite([UInt8])
        /// The scrape has failed.
        case fail(SeriesFailure)
    }

    init(policy: SeriesPolicy, targetLabels: Labels) {
        self.policy = policy
        chain = policy.chain
        target = targetLabels
        targetPairs = targetLabels.pairs
        readerHonorsLabels = policy.honorLabels || SeriesRules.touchesTargetLabels(policy.rules, targetLabels)
    }

    /// - Parameters:
    ///   - line: one that a scanner found to be a sample.
    ///   - family: of the TYPE line before it.
    /// - Returns: also whether another family might have led to another verdict.
    func verdict(
        _ body: Span<UInt8>, _ line: ScannedLine, in family: MetricFamily, isOpenMetrics: Bool
    ) -> (Verdict, dependsOnFamily: Bool) {
        guard policy.readsLabels || !policy.honorTimestamps else { return (.keep, false) }
        var series: ExposedSeries
        switch SeriesSyntax(isOpenMetrics: isOpenMetrics).read(body, line) {
        case .series(let read): series = read
        case .refused: return (.refused, false)
        case .tooManyLabels: return (policy.readsLabels ? .fail(tooManyLabels(body, line)) : .keep, false)
        }
        guard policy.readsLabels else { return (series.isAmbiguous ? .refused : .keep, false) }
        let (dependsOnFamily, written) = series.normalize(in: family)
        return (verdict(on: series, written, body, line), dependsOnFamily)
    }

    /// - Parameter written: the number in a label as the line has it, where `series` has it as Prometheus writes it.
    private func verdict(
        on series: ExposedSeries, _ written: ExposedSeries.WrittenNumber?, _ body: Span<UInt8>, _ line: ScannedLine
    ) -> Verdict {
        let joined = series.joined(with: targetPairs, honorLabels: policy.honorLabels)
        var result = joined
        // Without any label it is dropped too: Prometheus knows no other sign.
        guard chain.apply(to: &result), !result.isEmpty else { return .drop }
        // The reader will refuse the body.
        if series.isAmbiguous { return .refused }
        guard let name = result[ExposedSeries.nameLabel] else {
            return .fail(
                SeriesFailure(
                    code: .missingMetricName, message: "missing metric name (__name__ label)",
                    series: Self.excerpt(body, line.series)))
        }
        if policy.limitsLabels, let failure = limitFailure(result, name: name) {
            return .fail(
                SeriesFailure(code: failure.code, message: failure.message, series: Self.excerpt(body, line.series)))
        }
        let asRead =
            readerHonorsLabels == policy.honorLabels
            ? joined : series.joined(with: targetPairs, honorLabels: readerHonorsLabels)
        if asRead == result { return .keep }
        // Its reader writes it as it likes: a series whose rules leave the number alone keeps it as it came.
        if let written, result[written.label] == written.normalized { result[written.label] = written.value }
        return .rewrite(beginning(name, result))
    }

    /// The line that gives its reader these labels: what the target has anyway is left out, what it must not have is
    /// given an empty value.
    private func beginning(_ name: String, _ labels: Labels) -> [UInt8] {
        var writer = SeriesWriter(name: name)
        for (label, value) in labels.pairs where label != ExposedSeries.nameLabel {
            if let own = target[label], own.utf8.elementsEqual(value.utf8) { continue }
            writer.append(label, value)
        }
        for (label, _) in targetPairs where labels[label] == nil { writer.append(label, "") }
        writer.finish()
        return writer.bytes
    }

    // MARK: Limits

    private func limitFailure(_ labels: Labels, name: String) -> (code: SeriesFailure.Code, message: String)? {
        let metric = Self.cut(name, 50)
        if policy.labelLimit > 0, labels.count > policy.labelLimit {
            let numbers = "number of labels: \(labels.count), limit: \(policy.labelLimit)"
            return (.labelLimit, "label_limit exceeded (metric: \(metric), \(numbers))")
        }
        for (label, value) in labels.pairs {
            let length = label.utf8.count
            if policy.labelNameLengthLimit > 0, length > policy.labelNameLengthLimit {
                let numbers = "length: \(length), limit: \(policy.labelNameLengthLimit)"
                let culprit = "metric: \(metric), label name: \(Self.cut(label, 50))"
                return (.labelNameLengthLimit, "label_name_length_limit exceeded (\(culprit), \(numbers))")
            }
            let size = value.utf8.count
            if policy.labelValueLengthLimit > 0, size > policy.labelValueLengthLimit {
                let numbers = "length: \(size), limit: \(policy.labelValueLengthLimit)"
                let text = Self.cut(value, 50).debugDescription
                let culprit = "metric: \(metric), label name: \(Self.cut(label, 50)), value: \(text)"
                return (.labelValueLengthLimit, "label_value_length_limit exceeded (\(culprit), \(numbers))")
            }
        }
        return nil
    }

    private func tooManyLabels(_ body: Span<UInt8>, _ line: ScannedLine) -> SeriesFailure {
        let limit = SeriesSyntax.maximumLabels
        return SeriesFailure(
            code: .labelLimit, message: "label_limit exceeded (more than the \(limit) labels that rules are run on)",
            series: Self.excerpt(body, line.series))
    }

    /// What the samples of a scrape are measured with at its end.
    func sampleFailure(_ count: Int) -> SeriesFailure? {
        guard policy.sampleLimit > 0, count > policy.sampleLimit else { return nil }
        return SeriesFailure(
            code: .sampleLimit, message: "sample limit exceeded (samples: \(count), limit: \(policy.sampleLimit))")
    }

    private static func cut(_ text: String, _ count: Int) -> String {
        String(text.unicodeScalars.prefix(count))
    }

    /// The beginning of a series for a message.
    private static func excerpt(_ body: Span<UInt8>, _ range: Range<Int>) -> String {
        let part = range.lowerBound..<min(range.upperBound, range.lowerBound + 400)
        let text = unsafe body.extracting(part).withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) }
        return cut(text, 100)
    }
}
