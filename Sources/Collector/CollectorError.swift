/// Why a collector does not run: one sentence, and what to do about it.
package struct CollectorError: Error, Sendable, CustomStringConvertible {
    package var message: String
    package var cure: String

    package init(message: String, cure: String) {
        self.message = message
        self.cure = cure
    }

    package var description: String { "\(message); \(cure)" }
}
