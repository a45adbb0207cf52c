import Foundation

/// A directory of one test, removed with everything in it when released.
package final class TemporaryDirectory: Sendable {
    /// Where it is.
    package let path: String

    /// Makes a fresh, empty directory.
    package init() throws {
        path = NSTemporaryDirectory() + "culvert-test-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}
