/// PEM that is given as it is rather than in a file; never printed, for it may be a key.
///
/// Owns the text.
package struct PEMText: Sendable, Hashable {
    let value: String

    /// The text with its `-----BEGIN …-----` blocks.
    package init(_ value: String) {
        self.value = value
    }
}

extension PEMText: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// `<secret>`, whatever it is.
    package var description: String { "<secret>" }
    /// `<secret>`, whatever it is.
    package var debugDescription: String { "<secret>" }
    /// Nothing to look into.
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
