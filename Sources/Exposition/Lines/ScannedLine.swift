/// One line of an exposition: what it is, and where its parts lie in the body.
///
/// Owns nothing but offsets, counted in bytes from the start of the body. Only a `sample` has parts; in all other
/// lines the part ranges are empty. Text between the parts (blanks, a carriage return) belongs to the line and to no
/// part.
package struct ScannedLine: Sendable, Hashable {
    /// What a line is.
    package enum Kind: Sendable, Hashable {
        /// Nothing but blanks.
        case blank
        /// Begins with `#`: HELP, TYPE, UNIT or any other comment.
        case comment
        /// The `# EOF` of OpenMetrics; in text that is a comment.
        case end
        /// A series and its value, perhaps with timestamp and exemplars.
        case sample
        /// Whatever no reader takes.
        case other
    }

    package var kind: Kind
    /// The whole line without its line feed. In text a label value may hold raw line feeds, so a sample can span
    /// several lines of the file.
    package var content: Range<Int>
    /// Where the next line begins: after the line feed, or at the end of the body when there was none.
    package var next: Int
    /// Metric name and label set, from the first byte of the name to the last one of name or `}`.
    package var series: Range<Int>
    /// The value token; it has the form of a number that Go's ParseFloat takes, its size is not checked.
    package var value: Range<Int>
    /// The timestamp token, empty when the sample has none. A number; whether its reader takes it is not checked.
    package var timestamp: Range<Int>
    /// The exemplars from the first `#` to the last token, empty when there are none.
    package var exemplar: Range<Int>

    /// A line without parts.
    package init(kind: Kind, content: Range<Int>, next: Int) {
        self.kind = kind
        self.content = content
        self.next = next
        let none = content.upperBound..<content.upperBound
        self.series = none
        self.value = none
        self.timestamp = none
        self.exemplar = none
    }

    /// Whether the line ends with a line feed; only the last one of a body can be without.
    package var isTerminated: Bool { next > content.upperBound }
}
