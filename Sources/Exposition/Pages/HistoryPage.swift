/// A page of several scrapes of one target in the target's own text format, every sample with its time, made so that a
/// Prometheus takes it: what its parser would refuse is never on it.
///
/// Owns the page's bytes. Scrapes are added oldest first. Every sample gets its scrape's time, unless it brings one of
/// its own; that it keeps, but
/// - one that is after `now` by at most ten minutes gives way to the scrape's: some clock is ahead. Beyond that, where
///   Prometheus would drop the sample, it is left out;
/// - one that the series had in the scrape before is left out: it has been said.
///
/// An exemplar after `now` is left out. TYPE lines are repeated with each scrape, because what Prometheus 3 makes of `le`
/// and `quantile` depends on the last one it saw; HELP and UNIT stand on a page once, other comments never, and `# EOF`
/// at the end of OpenMetrics alone.
package struct HistoryPage {
    package let format: ContentType
    /// The scrapes on it.
    package private(set) var count = 0
    package var byteCount: Int { output.count }

    private let grammar: PrometheusGrammar
    private let now: Int64
    private var output: [UInt8] = []
    /// Where the last scrape begins.
    private var last = 0
    private var previous = OwnTimes()
    private var current = OwnTimes()
    /// The last TYPE line on the page is one that makes Prometheus rewrite labels.
    private var hasBoundaries = false

    /// Milliseconds that Prometheus takes samples of the future for.
    private static let future: Int64 = 600_000

    /// - Parameters:
    ///   - format: all but OpenMetrics is text; protobuf cannot be on a page.
    ///   - now: milliseconds since the Unix epoch; nothing later is written.
    package init(format: ContentType, grammar: PrometheusGrammar, now: Int64) {
        self.format = format
        self.grammar = grammar
        self.now = max(0, now)
    }

    /// Adds a scrape, unless Prometheus would refuse it: then the page stays as it is.
    ///
    /// - Parameter milliseconds: when it was, at most `now`.
    /// - Returns: whether it was added.
    package mutating func add(_ body: UnsafeRawBufferPointer, milliseconds: Int64) -> Bool {
        let start = output.count
        let hadBoundaries = hasBoundaries
        let needed = start + body.count + body.count / 4
        if needed > output.capacity { output.reserveCapacity(max(needed, start * 2)) }
        current.removeAll()
        let time = min(milliseconds, now)
        // No bytes at all are a scrape without samples, in every format.
        let isTaken = body.isEmpty || body.withMemoryRebound(to: UInt8.self) { write($0, time) }
        guard isTaken else {
            output.removeSubrange(start...)
            hasBoundaries = hadBoundaries
            return false
        }
        swap(&previous, &current)
        last = start
        count += 1
        return true
    }

    /// Takes the last scrape off again; nothing can be added behind that.
    package mutating func removeLast() {
        output.removeSubrange(last...)
        count -= 1
    }

    /// The page, complete.
    package consuming func finish() -> [UInt8] {
        if format == .openMetrics { output.append(contentsOf: "# EOF\n".utf8) }
        return output
    }

    private mutating func write(_ bytes: UnsafeBufferPointer<UInt8>, _ milliseconds: Int64) -> Bool {
        let body = bytes.span
        let time = TimestampText.bytes(milliseconds: milliseconds, format: format)
        let isFirst = count == 0
        var scanner = StrictScanner(format: format, grammar: grammar)
        var hasType = false
        // What is copied from a line on stays to be copied until something has to be left out or put in.
        var copied = 0
        func copy(to end: Int, _ output: inout [UInt8]) {
            if end > copied { output.append(contentsOf: bytes[copied..<end]) }
            copied = end
        }
        while true {
            switch scanner.next(in: body) {
            case .refused: return false
            case .end:
                copy(to: scanner.offset, &output)
                if let byte = output.last, byte != .lineFeed { output.append(.lineFeed) }
                return true
            case .line(let line):
                switch line.kind {
                case .type:
                    hasType = true
                    hasBoundaries = line.hasBoundaries
                case .description where isFirst: break
                case .description, .ignored:
                    copy(to: line.all.lowerBound, &output)
                    copied = line.all.upperBound
                case .sample:
                    if !hasType {
                        hasType = true
                        if hasBoundaries {
                            copy(to: line.all.lowerBound, &output)
                            endBoundaries(bytes[line.name])
                        }
                    }
                    switch timing(line, body) {
                    case .leaveOut:
                        copy(to: line.all.lowerBound, &output)
                        copied = line.all.upperBound
                    case .own: break
                    case .scrape:
                        copy(to: line.value.upperBound, &output)
                        output.append(contentsOf: time)
                        copied = line.timestamp.isEmpty ? copied : line.timestamp.upperBound
                    }
                    if let exemplar = line.exemplarTime, exemplar > now, copied <= line.exemplar.lowerBound {
                        copy(to: line.exemplar.lowerBound, &output)
                        copied = line.exemplar.upperBound
                    }
                }
            }
        }
    }

    private enum Timing { case scrape, own, leaveOut }

    private mutating func timing(_ line: StrictLine, _ body: Span<UInt8>) -> Timing {
        guard !line.timestamp.isEmpty else { return .scrape }
        current.add(line.series, of: body, at: line.time)
        if previous.contains(line.series, of: body, at: line.time) { return .leaveOut }
        guard line.time > now else { return .own }
        return line.time - now <= Self.future ? .scrape : .leaveOut
    }

    /// The scrape before ended with a histogram or summary; this one begins without a type, and must not be taken for one.
    private mutating func endBoundaries(_ name: Slice<UnsafeBufferPointer<UInt8>>) {
        output.append(contentsOf: "# TYPE ".utf8)
        output.append(contentsOf: name)
        output.append(contentsOf: (format == .openMetrics ? " unknown\n" : " untyped\n").utf8)
        hasBoundaries = false
    }
}
