import CRE2

/// A regular expression as Prometheus understands it: RE2's syntax, anchored at both ends, a dot takes line feeds too.
///
/// Owns the compiled form; matching takes time linear in the text and bounded memory. Thread-safe.
@safe
package final class Pattern: @unchecked Sendable {
    /// The expression as it was written, without anchors.
    package let text: String
    /// Groups, without the whole match.
    let groups: Int
    private let compiled: OpaquePointer

    /// What compiling and matching may take; RE2's own default.
    private static let maximumMemory: Int64 = 8 << 20

    /// - Throws: `PatternError` for what RE2 does not accept, and for `\C`, which RE2 accepts and Prometheus does not.
    package init(_ text: String) throws(PatternError) {
        guard !Self.matchesSingleBytes(text) else {
            throw PatternError(reason: "invalid escape sequence: `\\C`", pattern: text)
        }
        var whole = "^(?s:" + text + ")$"
        var error = [CChar](repeating: 0, count: 256)
        let made = whole.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe cre2_compile(bytes.baseAddress, bytes.count, Self.maximumMemory, &error, error.count)
            }
        }
        guard let made = unsafe made else {
            let reason = error.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
            throw PatternError(reason: String(decoding: reason, as: UTF8.self), pattern: text)
        }
        unsafe compiled = unsafe made
        groups = unsafe Int(cre2_groups(made))
        self.text = text
    }

    deinit { unsafe cre2_free(compiled) }

    /// Whether `\C` stands in it, outside of `\Q…\E`.
    private static func matchesSingleBytes(_ text: String) -> Bool {
        var isQuoted = false
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.first else { continue }
            if isQuoted {
                guard next == UInt8(ascii: "E") else { continue }
                isQuoted = false
            } else if next == UInt8(ascii: "C") {
                return true
            } else if next == UInt8(ascii: "Q") {
                isQuoted = true
            }
            rest = rest.dropFirst()
        }
        return false
    }

    /// Whether the whole of `text` matches.
    package func matches(_ text: String) -> Bool {
        var text = text
        return text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe cre2_match(compiled, bytes.baseAddress, bytes.count, nil, 0)
            }
        }
    }

    /// The match of the whole of `text`, nil when there is none.
    func match(_ text: String) -> PatternMatch? {
        var copy = text
        var spans = [cre2_span](repeating: cre2_span(offset: -1, length: 0), count: groups + 1)
        let isMatch = copy.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe cre2_match(compiled, bytes.baseAddress, bytes.count, &spans, Int32(spans.count))
            }
        }
        guard isMatch else { return nil }
        let utf8 = Array(text.utf8)
        return PatternMatch(
            groups: spans.map { span in
                guard span.offset >= 0 else { return nil }
                return String(decoding: utf8[Int(span.offset)..<Int(span.offset + span.length)], as: UTF8.self)
            })
    }

    /// The number of the group of that name.
    func group(named name: String) -> Int? {
        var name = name
        let number = name.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { bytes in
                unsafe cre2_group_named(compiled, bytes.baseAddress, bytes.count)
            }
        }
        return number < 0 ? nil : Int(number)
    }
}
