import Exposition
import NIOCore

/// One body on its way through the rules: fast where it is as the last one was, line by line where it is not.
struct BodyPass {
    private(set) var walk: BodyWalk
    private let judge: SeriesJudge
    private let format: ContentType
    private var output = ByteBuffer()

    private var isOpenMetrics: Bool { format == .openMetrics }

    init(_ body: UnsafeBufferPointer<UInt8>, format: ContentType, judge: SeriesJudge) {
        walk = unsafe BodyWalk(body, isOpenMetrics: format == .openMetrics, keepsTimes: judge.policy.honorTimestamps)
        self.judge = judge
        self.format = format
    }

    /// The body that came out; nil when it is the one that went in.
    var page: ByteBuffer? { walk.isChanged ? output : nil }

    /// Takes the walk to the body's end.
    ///
    /// - Returns: why the scrape fails. At the label of a series the walk ends; too many samples are counted to the end.
    mutating func run(_ body: UnsafeBufferPointer<UInt8>, _ cache: inout LineCache) -> SeriesFailure? {
        var failure = unsafe goOn(body, &cache)
        while failure == nil, walk.needed > 0 {
            // Out of the property, so that it is not copied when it is written to.
            var output = ByteBuffer()
            swap(&output, &self.output)
            unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: walk.needed) { memory in
                unsafe walk.page.lend(memory)
                walk.hasMemory()
                failure = unsafe goOn(body, &cache)
                return walk.page.takeBack()
            }
            swap(&output, &self.output)
        }
        return failure ?? judge.sampleFailure(walk.limited)
    }

    /// Goes on until the end, a failure, or until the page has no room.
    private mutating func goOn(_ body: UnsafeBufferPointer<UInt8>, _ cache: inout LineCache) -> SeriesFailure? {
        while true {
            cache.follow(&walk)
            if walk.needed > 0 { return nil }
            guard !walk.isAtEnd else { break }
            if let failure = unsafe step(body, &cache) { return failure }
            if walk.needed > 0 { return nil }
        }
        _ = walk.finish()
        return nil
    }

    private static let unreadable = SeriesFailure(
        code: .unreadableLine,
        message: "the body has a line that cannot be read, and policy.deny_metrics lets none pass unseen")

    /// Takes one line that is not as expected.
    private mutating func step(_ body: UnsafeBufferPointer<UInt8>, _ cache: inout LineCache) -> SeriesFailure? {
        let span = unsafe body.span
        var scanner = LineScanner(format: format, at: walk.offset)
        guard let line = scanner.next(in: span) else {
            walk.offset = body.count
            return nil
        }
        let isStrict = !judge.policy.denied.isEmpty
        guard line.kind == .sample else {
            let isUnreadable = line.kind == .other || (line.kind == .end && line.next < body.count)
            if isStrict, isUnreadable { return Self.unreadable }
            unsafe walk.note(UnsafeBufferPointer(rebasing: body[line.content]))
            // What follows the end of OpenMetrics is an error, and must not be dropped and mended by it.
            walk.offset = line.kind == .end ? body.count : line.next
            return nil
        }
        let text = unsafe UnsafeBufferPointer(rebasing: body[line.content.lowerBound..<line.value.lowerBound])
        let number: UInt32
        if let known = unsafe cache.find(text, walk.family) {
            number = known
        } else {
            let (verdict, depends) = judge.verdict(span, line, in: walk.family, isOpenMetrics: isOpenMetrics)
            let family = depends ? walk.family : nil
            switch verdict {
            case .keep: number = unsafe cache.insert(text, .keep, in: family)
            case .drop: number = unsafe cache.insert(text, .drop, in: family)
            case .refused: number = unsafe cache.insert(text, .refused, in: family)
            case .rewrite(let bytes): number = unsafe cache.insert(text, .rewrite, rewritten: bytes, in: family)
            case .fail(let failure):
                walk.scraped += 1
                return failure
            }
        }
        if isStrict, cache.verdict(of: number) == .refused { return Self.unreadable }
        cache.link(walk.previous, to: number)
        let isChanged = cache.verdict(of: number) != .keep || (!judge.policy.honorTimestamps && !line.timestamp.isEmpty)
        let isTaken = !isChanged || SeriesSyntax(isOpenMetrics: isOpenMetrics).takesTail(span, line)
        if isStrict, !isTaken { return Self.unreadable }
        if cache.act(number, &walk, LineTail(line, isTaken: isTaken)) { walk.previous = number }
        return nil
    }
}
