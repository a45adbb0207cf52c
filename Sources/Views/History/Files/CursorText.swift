import TLS

/// The cursors of a reader as text, the form of its file: a line each, the last of which is a checksum of those before
/// it.
///
/// `culvert-reader 1` · `place ADDRESS` (or `place` alone for a reader that is not keyed) · under each place
/// `TARGET STATE EPOCH OFFSET TIME EMITTED LAST-READ AGENT`, the state `read` or, where the scrape in front of the cursor is
/// still to be given, `first`; the epoch in hexadecimal, the other numbers in decimal · `sha256 DIGITS`.
struct CursorText: Sendable, Equatable {
    struct Line: Sendable, Equatable {
        var target: TargetID
        var owesFirst = false
        var cursor: HistoryCursor
        var emitted: Int64
        var lastRead: Int64
        var agent: String
    }

    /// By address; the empty one for a reader that is not keyed.
    var places: [String: [Line]] = [:]

    private static let title = "culvert-reader 1"
    /// Beyond, a file is not read.
    static let maximumBytes = 64 << 20
    private static let maximumNameBytes = 256
    /// Addresses of one reader.
    static let maximumPlaces = 64

    init() {}

    // MARK: Writing

    /// Places and lines in no order. Made every second while readers read, so without a string for each number.
    var bytes: [UInt8] {
        var bytes = Array((Self.title + "\n").utf8)
        bytes.reserveCapacity(64 + places.values.reduce(0) { $0 + $1.count } * 128)
        for (address, lines) in places {
            bytes.append(contentsOf: (address.isEmpty ? "place\n" : "place \(address)\n").utf8)
            for line in lines {
                bytes.append(contentsOf: line.target.description.utf8)
                bytes.append(contentsOf: line.owesFirst ? " first".utf8 : " read".utf8)
                Self.append(line.cursor.epoch, radix: 16, to: &bytes)
                Self.append(line.cursor.offset, radix: 10, to: &bytes)
                for number in [line.cursor.time, line.emitted, line.lastRead] {
                    Self.append(number.magnitude, radix: 10, isNegative: number < 0, to: &bytes)
                }
                bytes.append(UInt8(ascii: " "))
                bytes.append(contentsOf: line.agent.utf8)
                bytes.append(UInt8(ascii: "\n"))
            }
        }
        bytes.append(contentsOf: "sha256 \(Self.checksum(bytes))\n".utf8)
        return bytes
    }

    /// Text with its checksum behind it.
    static func seal(_ text: String) -> String { text + "sha256 \(checksum(text.utf8))\n" }

    private static func append(_ number: UInt64, radix: UInt64, isNegative: Bool = false, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: " "))
        if isNegative { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number
        repeat {
            let digit = UInt8(rest % radix)
            bytes.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            rest /= radix
        } while rest > 0
        bytes[start...].reverse()
    }

    private static func checksum(_ text: some Collection<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        let hex = Digest.sha256(text).prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        return String(decoding: hex, as: UTF8.self)
    }

    // MARK: Reading

    /// Nil when anything is missing, changed or not of this form.
    init?(_ text: String) {
        guard text.utf8.count <= Self.maximumBytes else { return nil }
        var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.popLast() == "", let last = lines.popLast(), lines.first.map(String.init) == Self.title else {
            return nil
        }
        let body = text.utf8.prefix(text.utf8.count - last.utf8.count - 1)
        guard String(last) == "sha256 \(Self.checksum(body))" else { return nil }
        var place: String?
        for line in lines.dropFirst() {
            let words = line.split(separator: " ", omittingEmptySubsequences: false)
            if words.first == "place" {
                let address = words.count == 1 ? "" : String(words[1])
                guard words.count <= 2, address.utf8.count <= Self.maximumNameBytes,
                    words.count == 1 || !address.isEmpty, places[address] == nil,
                    places.count < Self.maximumPlaces
                else { return nil }
                places[address] = []
                place = address
                continue
            }
            guard let place, let line = Self.line(words) else { return nil }
            places[place]?.append(line)
        }
    }

    private static func line(_ words: [Substring]) -> Line? {
        guard words.count == 8, let target = TargetID(words[0]), words[1] == "first" || words[1] == "read",
            let epoch = number(words[2], radix: 16), let offset = number(words[3], radix: 10),
            let time = Int64(words[4]), let emitted = Int64(words[5]), let lastRead = Int64(words[6]),
            !words[7].isEmpty, words[7].utf8.count <= maximumNameBytes
        else { return nil }
        return Line(
            target: target, owesFirst: words[1] == "first",
            cursor: HistoryCursor(epoch: epoch, offset: offset, time: time), emitted: emitted, lastRead: lastRead,
            agent: String(words[7]))
    }

    private static func number(_ word: Substring, radix: Int) -> UInt64? {
        word.utf8.first == UInt8(ascii: "+") ? nil : UInt64(word, radix: radix)
    }
}
