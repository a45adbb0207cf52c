/// The text of a settings file: UTF-8 without what YAML forbids, so that the YAML parser never meets anything else.
enum SourceText {
    /// How many lines and elements of lists a file may have.
    static let entryLimit = 500_000

    /// The text of `bytes`, or `nil` after adding the position of the first byte that has no place in it.
    static func decode(_ bytes: [UInt8], log: ProblemLog) -> String? {
        var bytes = bytes[...]
        if bytes.starts(with: [0xef, 0xbb, 0xbf]) { bytes = bytes.dropFirst(3) }
        if bytes.starts(with: [0xff, 0xfe]) || bytes.starts(with: [0xfe, 0xff]) {
            log.add(.malformed, at: SourcePosition(line: 1, column: 1), "the file is UTF-16: expected UTF-8")
            return nil
        }
        // Every node of a document follows one of these; a node costs a hundred times its text.
        guard bytes.count(where: { ",[{\n\r".utf8.contains($0) }) <= entryLimit else {
            log.add(
                .unreadable, at: .wholeFile,
                "has more than \(entryLimit) lines and list elements: expected a file written by hand")
            return nil
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            let good = validPrefix(bytes)
            log.add(.malformed, at: position(after: good), "the file is not UTF-8: expected a text file")
            return nil
        }
        var position = SourcePosition(line: 1, column: 1)
        for scalar in text.unicodeScalars {
            guard isPrintable(scalar) else {
                let code = String(scalar.value, radix: 16, uppercase: true)
                log.add(
                    .malformed, at: position,
                    "the control character U+\(String(repeating: "0", count: max(0, 4 - code.count)))\(code) "
                        + "is not allowed in YAML: expected a text file")
                return nil
            }
            if scalar == "\n" {
                position = SourcePosition(line: position.line + 1, column: 1)
            } else {
                position.column += 1
            }
        }
        return text
    }

    /// YAML's c-printable.
    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0a, 0x0d, 0x20...0x7e, 0x85, 0xa0...0xfffd, 0x10000...0x10ffff: true
        default: false
        }
    }

    private static func validPrefix(_ bytes: ArraySlice<UInt8>) -> String {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        var text = String.UnicodeScalarView()
        while case .scalarValue(let scalar) = decoder.decode(&iterator) { text.append(scalar) }
        return String(text)
    }

    private static func position(after text: String) -> SourcePosition {
        var position = SourcePosition(line: 1, column: 1)
        for scalar in text.unicodeScalars {
            position =
                scalar == "\n"
                ? SourcePosition(line: position.line + 1, column: 1)
                : SourcePosition(line: position.line, column: position.column + 1)
        }
        return position
    }
}
