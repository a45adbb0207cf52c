import Foundation
import TestSupport

/// The certificates of all integration tests: making them costs more than running a test.
enum Certificates {
    /// The agents of the shared set.
    static let agents = ["agent", "second", "third"]

    private static let made = Result {
        let set = try TestCertificates(agents: agents)
        directory = set.directory
        atexit {
            if let directory { try? FileManager.default.removeItem(atPath: directory) }
        }
        return set
    }

    /// Written once, before the exit handler that reads it is registered.
    nonisolated(unsafe) private static var directory: String?

    /// The set, made on first use.
    static var shared: TestCertificates {
        get throws { try made.get() }
    }
}
