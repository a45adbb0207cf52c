import Foundation

/// Debian's promtool, the judge of what Prometheus' own libraries take.
package enum Promtool {
    private static let path = "/usr/bin/promtool"
    /// False where it is missing and that is allowed: with CULVERT_REQUIRE_PEERS=1 a missing peer fails the test.
    package static let isInstalled =
        FileManager.default.isExecutableFile(atPath: path)
        || ProcessInfo.processInfo.environment["CULVERT_REQUIRE_PEERS"] == "1"

    /// What `promtool check metrics` says about a page: 0 is fine, 3 is fine but for style, all else is refused.
    package static func check(_ page: [UInt8]) throws -> (status: Int32, messages: String) {
        // Files in place of pipes: neither side can block the other.
        let directory = FileManager.default.temporaryDirectory.appendingPathComponent("promtool-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: directory) }
        let input = directory.appendingPathComponent("page")
        let output = directory.appendingPathComponent("messages")
        try Data(page).write(to: input)
        try Data().write(to: output)
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = ["check", "metrics"]
        process.standardInput = try FileHandle(forReadingFrom: input)
        let messages = try FileHandle(forWritingTo: output)
        process.standardOutput = messages
        process.standardError = messages
        try process.run()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: try Data(contentsOf: output), as: UTF8.self))
    }
}
