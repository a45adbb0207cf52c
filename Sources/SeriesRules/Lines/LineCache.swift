import Glibc

/// The sample lines of the last two scrapes, without their values, and what becomes of each.
///
/// Owns their texts and the guess which line follows which. A line is looked for where it stood, by one comparison, and
/// only then by its hash. What was in neither of the last two scrapes goes as soon as it is an eighth of all.
struct LineCache {
    /// The first stands for the beginning of the body and is never found.
    private var lines: [CachedLine] = []
    private var texts: [UInt8] = []
    /// An open hash table of the numbers of lines; 0 is free.
    private var slots: [UInt32] = []
    /// The number of the scrape under way; 0 is none.
    private(set) var scrape: UInt32 = 0
    private let hash = LineHash()
    /// Whether a line was new in the scrape under way.
    private var hasGrown = false

    /// Texts beyond this are forgotten all at once; far more than the lines of any body within the usual limits.
    private static let maximumBytes = 1 << 30

    /// Bytes that it holds.
    var memory: Int {
        lines.capacity * MemoryLayout<CachedLine>.stride + texts.capacity
            + slots.capacity * MemoryLayout<UInt32>.stride
    }

    /// How many lines it knows.
    var count: Int { max(0, lines.count - 1) }

    mutating func beginScrape() {
        if scrape == .max {
            removeAll()
            scrape = 0
        }
        scrape += 1
        if lines.isEmpty { lines.append(CachedLine()) }
    }

    /// Forgets what has not been seen for long.
    mutating func endScrape() {
        var old = 0
        for line in lines.dropFirst() where isOld(line) { old += 1 }
        if old * 8 > count {
            removeOld()
        } else if !hasGrown {
            // Nothing new: memory for more to come is not needed.
            Self.fit(&lines)
            Self.fit(&texts)
        }
        hasGrown = false
    }

    private static func fit<Element>(_ array: inout [Element]) {
        guard array.capacity > array.count + array.count / 2 + 64 else { return }
        var fitted: [Element] = []
        fitted.reserveCapacity(array.count + array.count / 16)
        fitted.append(contentsOf: array)
        array = fitted
    }

    private func isOld(_ line: CachedLine) -> Bool { line.seen &+ 1 < scrape }

    /// Walks on as long as the body has the lines that are expected; see ``BodyWalk/follow(_:_:scrape:)``.
    mutating func follow(_ walk: inout BodyWalk) {
        let scrape = scrape
        // Meanwhile all may have been forgotten.
        if Int(walk.previous) >= lines.count { walk.previous = 0 }
        unsafe lines.withUnsafeMutableBufferPointer { lines in
            unsafe texts.withUnsafeBufferPointer { texts in
                guard let lines = lines.baseAddress, let texts = texts.baseAddress else { return }
                unsafe walk.follow(lines, texts, scrape: scrape)
            }
        }
    }

    /// The number of the line with these bytes, for the walk that has come to it; nil when it is new.
    func find(_ text: UnsafeBufferPointer<UInt8>, _ family: MetricFamily) -> UInt32? {
        guard !slots.isEmpty, let start = text.baseAddress else { return nil }
        let hash = unsafe hash(text)
        let mask = slots.count &- 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            let line = lines[Int(slots[slot])]
            if line.hash == hash, Int(line.length) == text.count, line.holds(in: family),
                unsafe isText(of: line, at: start)
            {
                return slots[slot]
            }
            slot = (slot &+ 1) & mask
        }
        return nil
    }

    private func isText(of line: CachedLine, at start: UnsafePointer<UInt8>) -> Bool {
        unsafe texts.withUnsafeBufferPointer { texts in
            guard let base = texts.baseAddress else { return false }
            return unsafe memcmp(base + Int(line.start), start, Int(line.length)) == 0
        }
    }

    /// Enters a line that is not there, and gives its number.
    ///
    /// - Parameter family: where the verdict holds; nil for everywhere.
    mutating func insert(
        _ text: UnsafeBufferPointer<UInt8>, _ verdict: CachedLine.Verdict, rewritten: [UInt8] = [],
        in family: MetricFamily?
    ) -> UInt32 {
        if text.count + rewritten.count > Self.maximumBytes - texts.count {
            removeAll()
            lines.append(CachedLine())
        }
        if lines.count &* 4 > slots.count &* 3 { grow() }
        var line = CachedLine()
        line.start = UInt32(clamping: texts.count)
        line.length = UInt32(clamping: text.count)
        line.rewritten = UInt32(clamping: rewritten.count)
        line.verdict = verdict
        line.family = family
        line.hash = unsafe hash(text)
        unsafe texts.append(contentsOf: text)
        texts.append(contentsOf: rewritten)
        let number = UInt32(clamping: lines.count)
        lines.append(line)
        hasGrown = true
        put(number, line.hash)
        return number
    }

    /// Lets the walk act on a line by its number; false when its page has no room.
    mutating func act(_ number: UInt32, _ walk: inout BodyWalk, _ tail: LineTail) -> Bool {
        let scrape = scrape
        return unsafe lines.withUnsafeMutableBufferPointer { lines in
            unsafe texts.withUnsafeBufferPointer { texts in
                guard let lines = lines.baseAddress, let texts = texts.baseAddress else { return true }
                return unsafe walk.act(lines + Int(number), texts, tail, scrape: scrape)
            }
        }
    }

    func verdict(of number: UInt32) -> CachedLine.Verdict { lines[Int(number)].verdict }

    /// Notes that one line follows another.
    mutating func link(_ previous: UInt32, to number: UInt32) {
        if Int(previous) < lines.count { lines[Int(previous)].next = number }
    }

    // MARK: Table

    private mutating func put(_ number: UInt32, _ hash: UInt32) {
        let mask = slots.count &- 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 { slot = (slot &+ 1) & mask }
        slots[slot] = number
    }

    private mutating func grow() {
        slots = Array(repeating: 0, count: max(64, slots.count * 2))
        for (number, line) in lines.enumerated().dropFirst() { put(UInt32(clamping: number), line.hash) }
    }

    private mutating func removeAll() {
        lines = []
        texts = []
        slots = []
    }

    private mutating func removeOld() {
        var numbers = [UInt32](repeating: 0, count: lines.count)
        var kept: [CachedLine] = [CachedLine()]
        var keptTexts: [UInt8] = []
        for (number, line) in lines.enumerated().dropFirst() where !isOld(line) {
            var moved = line
            moved.start = UInt32(clamping: keptTexts.count)
            let end = Int(line.start) + Int(line.length) + Int(line.rewritten)
            keptTexts.append(contentsOf: texts[Int(line.start)..<end])
            numbers[number] = UInt32(clamping: kept.count)
            kept.append(moved)
        }
        kept[0].next = lines[0].next
        for index in kept.indices { kept[index].next = numbers[Int(kept[index].next)] }
        lines = kept
        texts = keptTexts
        slots = []
        while lines.count * 4 > slots.count * 3 { slots = Array(repeating: 0, count: max(64, slots.count * 2)) }
        for (number, line) in lines.enumerated().dropFirst() { put(UInt32(clamping: number), line.hash) }
    }
}
