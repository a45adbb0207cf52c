/// The exposition format that a Content-Type header announces.
///
/// Owns the mapping from media types to formats. Only the media type counts, as in a scraper: its case and the blanks
/// around it are ignored, and so is every parameter, well formed or not.
package enum ContentType: Sendable, Hashable {
    /// `text/plain`: the Prometheus text format.
    case text
    /// `application/openmetrics-text`, any version.
    case openMetrics
    /// `application/vnd.google.protobuf`: length-delimited MetricFamily messages.
    case protobuf
    /// Anything else, an empty or a malformed header included.
    ///
    /// Prometheus 2 reads such bodies as text, Prometheus 3 refuses them unless told otherwise.
    case other

    /// Reads a header as the target sent it. An absent header is the empty string.
    package init(_ header: String) {
        self.init(bytes: header.utf8)
    }

    /// Reads the bytes of a header's value.
    package init(bytes header: some Collection<UInt8>) {
        let end = header.firstIndex(of: UInt8(ascii: ";")) ?? header.endIndex
        let media = header[..<end].trimmingBlanks()
        self =
            if media.matches("text/plain") {
                .text
            } else if media.matches("application/openmetrics-text") {
                .openMetrics
            } else if media.matches("application/vnd.google.protobuf") {
                .protobuf
            } else {
                .other
            }
    }

    /// Whether a body of this kind consists of lines; a body of unknown kind is taken for text.
    package var hasLines: Bool { self != .protobuf }
}

extension Collection where Element == UInt8 {
    /// The part between leading and trailing ASCII white space.
    fileprivate func trimmingBlanks() -> SubSequence {
        var rest = self[...]
        while let first = rest.first, first.isHeaderBlank { rest = rest.dropFirst() }
        var end = rest.startIndex
        var index = rest.startIndex
        while index != rest.endIndex {
            let isBlank = rest[index].isHeaderBlank
            rest.formIndex(after: &index)
            if !isBlank { end = index }
        }
        return rest[..<end]
    }

    /// Whether these bytes equal an ASCII word written in lower case, whatever their own case.
    fileprivate func matches(_ word: StaticString) -> Bool {
        word.withUTF8Buffer { word in
            self.elementsEqual(word) { byte, letter in
                (byte >= UInt8(ascii: "A") && byte <= UInt8(ascii: "Z") ? byte | 0x20 : byte) == letter
            }
        }
    }
}

extension UInt8 {
    fileprivate var isHeaderBlank: Bool { self == 0x20 || (self >= 0x09 && self <= 0x0D) }
}
