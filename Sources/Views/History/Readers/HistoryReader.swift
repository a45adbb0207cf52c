/// A reader of history as the configuration declares it.
package struct HistoryReader: Sendable, Hashable {
    /// What it calls itself in `?history=NAME`.
    package var name: String
    /// Whether each address it reads from has cursors of its own.
    package var isKeyedByAddress: Bool
    /// Milliseconds; older scrapes are passed over.
    package var maxAge: Int64

    package init(name: String, isKeyedByAddress: Bool = false, maxAge: Int64 = 55 * 60_000) {
        self.name = name
        self.isKeyedByAddress = isKeyedByAddress
        self.maxAge = maxAge
    }
}
