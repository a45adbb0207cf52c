/// The names of one label set while it is read, to find what Prometheus refuses: a name twice, `__name__` among the
/// labels, an empty name. Reused from line to line, so that it allocates nothing.
struct LabelNames {
    private struct Name {
        var range: Range<Int>
        var isEscaped: Bool
    }

    /// More names than this are compared through a set.
    private static let fewNames = 16

    private var names: [Name] = []

    mutating func begin() {
        names.removeAll(keepingCapacity: true)
    }

    /// - Parameter range: without quotes.
    mutating func add(_ range: Range<Int>, isEscaped: Bool = false) {
        names.append(Name(range: range, isEscaped: isEscaped))
    }

    func areValid(in body: Span<UInt8>) -> Bool {
        let reserved: StaticString = "__name__"
        for name in names {
            guard !name.range.isEmpty, !body.has(reserved, in: name.range) else { return false }
        }
        guard names.count <= Self.fewNames, !names.contains(where: \.isEscaped) else { return areUnique(body) }
        for (index, name) in names.enumerated().dropFirst() {
            for other in names[..<index] where body.areEqual(name.range, other.range) { return false }
        }
        return true
    }

    private func areUnique(_ body: Span<UInt8>) -> Bool {
        var seen: Set<[UInt8]> = []
        for name in names {
            var text: [UInt8] = []
            var index = name.range.lowerBound
            while index < name.range.upperBound {
                if name.isEscaped, body[index] == UInt8(ascii: "\\"), index + 1 < name.range.upperBound {
                    index += 1
                    if body[index] == UInt8(ascii: "n") {
                        text.append(.lineFeed)
                    } else {
                        if body[index] != UInt8(ascii: "\""), body[index] != UInt8(ascii: "\\") {
                            text.append(UInt8(ascii: "\\"))
                        }
                        text.append(body[index])
                    }
                } else {
                    text.append(body[index])
                }
                index += 1
            }
            guard seen.insert(text).inserted, text != Array("__name__".utf8) else { return false }
        }
        return true
    }
}

extension Span<UInt8> {
    /// Whether a part is this ASCII word.
    func has(_ word: StaticString, in range: Range<Int>) -> Bool {
        guard range.count == word.utf8CodeUnitCount else { return false }
        return starts(at: range.lowerBound, with: word)
    }

    /// Whether this ASCII word stands at an offset.
    func starts(at start: Int, with word: StaticString) -> Bool {
        guard start >= 0, start <= count, word.utf8CodeUnitCount <= count - start else { return false }
        return word.withUTF8Buffer { word in
            for offset in word.indices where self[start + offset] != word[offset] { return false }
            return true
        }
    }

    func areEqual(_ one: Range<Int>, _ other: Range<Int>) -> Bool {
        guard one.count == other.count else { return false }
        for offset in 0..<one.count where self[one.lowerBound + offset] != self[other.lowerBound + offset] {
            return false
        }
        return true
    }

    /// Whether a part is UTF-8 as Go has it: no overlong forms, no surrogates.
    func isUTF8(_ range: Range<Int>) -> Bool {
        var index = range.lowerBound
        while index < range.upperBound, self[index] < 0x80 { index += 1 }
        guard index < range.upperBound else { return true }
        return extracting(index..<range.upperBound).withUnsafeBufferPointer {
            String(validating: $0, as: UTF8.self) != nil
        }
    }
}
