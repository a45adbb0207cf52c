/// A text that is never printed: not by `print`, not by a debugger's dump, not in an error.
package struct Secret: Sendable, Hashable {
    /// The secret itself.
    package let value: String

    /// A secret of `value`.
    package init(_ value: String) {
        self.value = value
    }
}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<secret>`, whatever it is.
    package var description: String { "<secret>" }
    /// `<secret>`, whatever it is.
    package var debugDescription: String { "<secret>" }
    /// Nothing to look into.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
