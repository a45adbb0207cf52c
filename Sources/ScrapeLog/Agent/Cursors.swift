/// What each configured collector holds of this log, and what it has yet to be told it will never get.
///
/// A hint that saves disk: the collector's own word (Welcome) is the truth. Kept in the file `cursors`; its loss means that
/// segments stay until they are acknowledged again.
struct Cursors: Sendable, Hashable {
    static let name = "cursors"
    static let maximumBytes = 4 << 20
    /// More separate ranges than any well-behaved collector reports.
    static let maximumRanges = 4096

    struct Cursor: Sendable, Hashable {
        var acknowledged = LogRangeSet()
        /// What it will not get and has to be told, oldest first.
        var gaps: [LogGap] = []
        /// What it was told and has not acknowledged; after a restart it is told again.
        var announced: [LogGap] = []
    }

    var collectors: [String: Cursor] = [:]

    /// Adds what one collector will not get, without what it holds or is to be told already; returns how many bytes of it
    /// are news.
    @discardableResult
    mutating func note(_ gap: LogGap, for collector: String) -> UInt64 {
        guard var cursor = collectors[collector] else { return 0 }
        var known = cursor.acknowledged
        for other in cursor.gaps + cursor.announced where other.range.epoch == gap.range.epoch {
            known.insert(other.range)
        }
        var news: UInt64 = 0
        for part in known.missing(from: gap.range) {
            var gap = gap
            gap.range = part
            news += part.count
            Self.add(gap, to: &cursor)
        }
        collectors[collector] = cursor
        return news
    }

    /// Joins a gap with the one before it where it continues that one.
    private static func add(_ gap: LogGap, to cursor: inout Cursor) {
        if let last = cursor.gaps.last, last.range.epoch == gap.range.epoch, last.range.to == gap.range.from,
            last.reason == gap.reason
        {
            cursor.gaps[cursor.gaps.count - 1].range.to = gap.range.to
            cursor.gaps[cursor.gaps.count - 1].scrapes = UInt32(clamping: UInt64(last.scrapes) + UInt64(gap.scrapes))
        } else {
            if cursor.gaps.count >= maximumRanges { cursor.gaps.removeFirst() }
            cursor.gaps.append(gap)
        }
    }

    /// Gaps that a collector is told now.
    mutating func takeGaps(for collector: String) -> [LogGap] {
        guard var cursor = collectors[collector], !cursor.gaps.isEmpty else { return [] }
        let gaps = cursor.gaps
        cursor.announced += gaps
        cursor.announced.removeFirst(max(0, cursor.announced.count - Self.maximumRanges))
        cursor.gaps = []
        collectors[collector] = cursor
        return gaps
    }

    /// Gaps of which it is not known whether the collector heard of them: it is told again, and of these first.
    mutating func returnGaps(_ gaps: [LogGap], for collector: String) {
        guard var cursor = collectors[collector] else { return }
        let returned = LogRangeSet(gaps.map(\.range))
        cursor.announced.removeAll { returned.contains($0.range) }
        let present = cursor.gaps
        cursor.gaps = []
        collectors[collector] = cursor
        for gap in gaps + present { note(gap, for: collector) }
    }

    /// A collector has confirmed these ranges, announced gaps among them; true when that was news of a gap.
    mutating func confirm(_ ranges: [LogRange], by collector: String) -> Bool {
        guard let announced = collectors[collector]?.announced, !announced.isEmpty else { return false }
        let confirmed = LogRangeSet(ranges)
        let left = announced.filter { !confirmed.contains($0.range) }
        collectors[collector]?.announced = left
        return left.count < announced.count
    }

    /// Brings what was read from a file, which may be older or newer than the segments beside it, in line with them: nothing
    /// is acknowledged before it was written, and what is held is no gap.
    mutating func limit(currentEpoch: UInt64?, end: UInt64, held: LogRangeSet) {
        for (name, var cursor) in collectors {
            if let currentEpoch {
                cursor.acknowledged.remove(LogRange(epoch: currentEpoch, from: end, to: .max))
            }
            var gaps: [LogGap] = []
            for gap in cursor.gaps {
                for part in held.missing(from: gap.range) {
                    gaps.append(LogGap(range: part, scrapes: gap.scrapes, reason: gap.reason))
                }
            }
            cursor.gaps = Array(gaps.suffix(Self.maximumRanges))
            collectors[name] = cursor
        }
    }

    var text: String {
        var lines = ["culvert cursors 1"]
        for (name, cursor) in collectors.sorted(by: { $0.key < $1.key }) {
            lines.append("collector " + Self.escape(name))
            for range in cursor.acknowledged.ranges { lines.append("acknowledged " + Self.text(range)) }
            for gap in cursor.announced + cursor.gaps {
                lines.append("gap \(Self.text(gap.range)) \(gap.scrapes) \(Self.escape(gap.reason))")
            }
        }
        return CheckedText.seal(lines)
    }

    init() {}

    init?(_ text: String) {
        guard let lines = CheckedText.open(text), lines.first == "culvert cursors 1" else { return nil }
        var name: String?
        var cursor = Cursor()
        for line in lines.dropFirst() {
            let fields = line.split(separator: " ", omittingEmptySubsequences: false)
            if fields.count == 2, fields[0] == "collector", let unescaped = Self.unescape(fields[1]) {
                if let name { collectors[name] = cursor }
                name = unescaped
                cursor = Cursor()
                continue
            }
            guard name != nil, fields.count >= 4, let range = Self.range(fields[1...3]) else { return nil }
            if fields[0] == "acknowledged", fields.count == 4 {
                cursor.acknowledged.insert(range)
            } else if fields[0] == "gap", fields.count == 6, cursor.gaps.count < 2 * Self.maximumRanges,
                let scrapes = UInt32(fields[4]), let reason = Self.unescape(fields[5])
            {
                cursor.gaps.append(LogGap(range: range, scrapes: scrapes, reason: reason))
            } else {
                return nil
            }
        }
        if let name { collectors[name] = cursor }
    }

    static func text(_ range: LogRange) -> String { "\(hexadecimal(range.epoch)) \(range.from) \(range.to)" }

    static func range(_ fields: ArraySlice<Substring>) -> LogRange? {
        let fields = Array(fields)
        guard fields.count == 3, let epoch = parseHexadecimal(fields[0]), let from = UInt64(fields[1]),
            let to = UInt64(fields[2]), from <= to
        else { return nil }
        return LogRange(epoch: epoch, from: from, to: to)
    }

    /// One word: everything but letters, digits and a few marks as %XX.
    private static func escape(_ text: String) -> String {
        var word = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            let isPlain = (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            if isPlain || [0x2D, 0x2E, 0x3A, 0x5B, 0x5D, 0x5F].contains(byte) {
                word.unicodeScalars.append(scalar)
            } else {
                word += "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }
        return word
    }

    private static func unescape(_ word: Substring) -> String? {
        var bytes: [UInt8] = []
        var rest = word.utf8[...]
        while let byte = rest.popFirst() {
            if byte == 0x25 {
                guard rest.count >= 2, let value = UInt8(String(Substring(rest.prefix(2))), radix: 16) else {
                    return nil
                }
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }
}
