/// One line of an exposition that Prometheus takes, and where its parts lie in the body.
///
/// Owns nothing but offsets, counted in bytes from the start of the body. Only a sample has parts behind its name.
struct StrictLine {
    enum Kind {
        /// A series, its value, perhaps a time and an exemplar.
        case sample
        /// The type of a family; behind it Prometheus 3 rewrites `le` or `quantile`, so it must not get lost.
        case type
        /// HELP and UNIT, which matter once a page.
        case description
        /// Blank lines and comments.
        case ignored
    }

    var kind: Kind
    /// The whole line, its line feed included when it has one.
    var all: Range<Int>
    /// The name of the metric, its quotes included when it has any.
    var name = 0..<0
    /// From the name or `{` to the name's end or `}`.
    var series = 0..<0
    var value = 0..<0
    /// Empty when the sample has no time of its own.
    var timestamp = 0..<0
    /// When that is, in milliseconds since the Unix epoch, as Prometheus reads it.
    var time: Int64 = 0
    /// From the blank before `#` to the last token, empty when there is none.
    var exemplar = 0..<0
    /// Nil for an exemplar without a time of its own.
    var exemplarTime: Int64?
    /// Of a TYPE line: whether it makes Prometheus 3 rewrite labels of what follows.
    var hasBoundaries = false
}
