import Glibc

/// A walk over the lines of one body, and what it has led to so far. Borrows the body.
///
/// What stays as it is gets copied in one piece, when something that differs comes behind it.
@safe
struct BodyWalk {
    private let start: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>
    private var cursor: UnsafePointer<UInt8>
    /// What is from here to the cursor is still to be copied.
    private var pending: UnsafePointer<UInt8>
    /// The cached line behind which the walk is; 0 at the beginning.
    var previous: UInt32 = 0
    /// Of the TYPE line before.
    private(set) var family = MetricFamily.other
    /// Where it writes to.
    var page = Page()
    private let isOpenMetrics: Bool
    private let keepsTimes: Bool

    /// Whether anything differs so far.
    private(set) var isChanged = false
    /// Bytes the page has to have room for before the walk can go on; 0 when it can.
    private(set) var needed = 0
    /// Samples so far.
    var scraped = 0
    /// Samples so far that the rules have left.
    private(set) var kept = 0
    /// Of those, the ones that count for the limit.
    private(set) var limited = 0

    init(_ body: UnsafeBufferPointer<UInt8>, isOpenMetrics: Bool, keepsTimes: Bool) {
        // A body without bytes may have no address; then nothing is ever read.
        unsafe start = body.baseAddress ?? Self.nowhere
        unsafe end = start + body.count
        unsafe cursor = start
        unsafe pending = start
        self.isOpenMetrics = isOpenMetrics
        self.keepsTimes = keepsTimes
    }

    private nonisolated(unsafe) static let nowhere = unsafe UnsafePointer(
        UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

    var isAtEnd: Bool { unsafe cursor >= end }

    /// Bytes from the body's start to the line that is next.
    var offset: Int {
        get { unsafe cursor - start }
        set { unsafe cursor = start + newValue }
    }

    /// Acts on lines as long as each is the one expected and looks as most do; comments are passed.
    mutating func follow(
        _ lines: UnsafeMutablePointer<CachedLine>, _ texts: UnsafePointer<UInt8>, scrape: UInt32
    ) {
        while unsafe cursor < end {
            if unsafe cursor.pointee == UInt8(ascii: "#") {
                // It may be the end of the body.
                if isOpenMetrics, unsafe end - cursor <= 5 || cursor[2] == UInt8(ascii: "E") { return }
                guard let feed = unsafe memchr(cursor, 0x0A, end - cursor) else {
                    unsafe cursor = end
                    return
                }
                let next = unsafe UnsafePointer(feed.assumingMemoryBound(to: UInt8.self))
                let comment = unsafe UnsafeBufferPointer(start: cursor, count: next - cursor)
                unsafe note(comment)
                unsafe cursor = next + 1
                continue
            }
            let number = unsafe lines[Int(previous)].next
            let line = unsafe lines + Int(number)
            let length = unsafe Int(line.pointee.length)
            guard number != 0, unsafe line.pointee.holds(in: family), unsafe end - cursor > length &+ LineTail.reach,
                unsafe memcmp(cursor, texts + Int(line.pointee.start), length) == 0,
                let tail = unsafe LineTail(cursor + length, isOpenMetrics: isOpenMetrics),
                unsafe act(line, texts, tail, scrape: scrape)
            else { return }
            previous = number
        }
    }

    /// Takes note of a line that is no sample, without its line feed.
    @inline(__always)
    mutating func note(_ comment: UnsafeBufferPointer<UInt8>) {
        if let found = unsafe MetricFamily(comment: comment) { family = found }
    }

    /// Acts on the line that is next, and moves behind it; false, and nothing is done, when the page has no room.
    @inline(__always)
    mutating func act(
        _ line: UnsafeMutablePointer<CachedLine>, _ texts: UnsafePointer<UInt8>, _ tail: LineTail, scrape: UInt32
    ) -> Bool {
        let length = unsafe Int(line.pointee.length)
        let value = unsafe cursor + length
        let behind = unsafe value + tail.line
        let verdict = unsafe line.pointee.verdict
        let isTaken = tail.isTaken && verdict != .refused
        let losesTime = !keepsTimes && tail.hasTime
        if isTaken, losesTime || verdict != .keep {
            guard unsafe hasRoom(until: behind, and: Int(line.pointee.rewritten)) else { return false }
        }
        let isRepeated = unsafe line.pointee.seen == scrape
        unsafe line.pointee.seen = scrape
        scraped &+= 1
        if verdict == .drop, isTaken {
            unsafe copy(to: cursor)
            unsafe pending = behind
            unsafe cursor = behind
            return true
        }
        kept &+= 1
        // Prometheus drops a repeated sample, unless it has a time of its own.
        if !isRepeated || (keepsTimes && tail.hasTime) { limited &+= 1 }
        if verdict == .rewrite, isTaken {
            unsafe copy(to: cursor)
            unsafe page.append(texts + Int(line.pointee.start) + length, Int(line.pointee.rewritten))
            unsafe pending = value
        }
        if losesTime, isTaken {
            unsafe copy(to: value + tail.value)
            unsafe pending = value + tail.time
        }
        unsafe cursor = behind
        return true
    }

    /// Copies what is left; false when the page has no room for it.
    mutating func finish() -> Bool {
        guard isChanged else { return true }
        guard unsafe hasRoom(until: end, and: 0) else { return false }
        unsafe copy(to: end)
        return true
    }

    /// Whether everything up to a place can be copied, and something more be written; notes what is needed if not.
    @inline(__always)
    private mutating func hasRoom(until place: UnsafePointer<UInt8>, and more: Int) -> Bool {
        if isChanged, unsafe place - pending <= page.room &- more { return true }
        isChanged = true
        // For the rest of the body at once, if it does not grow by more than an eighth.
        let rest = unsafe end - pending
        needed = rest + rest / 8 + more + 1
        return false
    }

    /// The page has been lent the memory that was needed.
    mutating func hasMemory() { needed = 0 }

    @inline(__always)
    private mutating func copy(to place: UnsafePointer<UInt8>) {
        unsafe page.append(pending, place - pending)
        unsafe pending = place
    }
}
