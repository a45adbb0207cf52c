/// A place in a settings file, both numbers from 1; columns count Unicode scalars.
package struct SourcePosition: Sendable, Hashable, Comparable {
    package var line: Int
    package var column: Int

    /// A place from line and column.
    package init(line: Int, column: Int) {
        self.line = line
        self.column = column
    }

    /// The file as a whole.
    static let wholeFile = SourcePosition(line: 0, column: 0)

    package static func < (left: SourcePosition, right: SourcePosition) -> Bool {
        (left.line, left.column) < (right.line, right.column)
    }
}
