import Foundation

/// The repository under test: where it is, its files as text, and the program that was built from it.
enum Repository {
    /// The directory of Package.swift.
    static let root = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
        .deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// The built program: the one in the environment variable CULVERT_BINARY, else the one beside the test bundle.
    static var culvert: String {
        get throws {
            if let named = ProcessInfo.processInfo.environment["CULVERT_BINARY"], !named.isEmpty { return named }
            let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("culvert").path
            guard FileManager.default.isExecutableFile(atPath: path) else {
                throw Missing(what: "\(path): build it, or name a program in CULVERT_BINARY")
            }
            return path
        }
    }

    /// The text of the file at `path`, relative to the root.
    static func text(_ path: String) throws -> String {
        try String(contentsOfFile: "\(root)/\(path)", encoding: .utf8)
    }

    /// The texts of all Swift files below the directory at `path`, relative to the root, joined.
    static func sources(_ path: String, where isWanted: (String) -> Bool = { _ in true }) throws -> String {
        guard let files = FileManager.default.enumerator(atPath: "\(root)/\(path)") else { throw Missing(what: path) }
        return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") && isWanted($0) }.sorted()
            .map { try text("\(path)/\($0)") }.joined(separator: "\n")
    }

    /// Whether a program is on the search path.
    static func hasProgram(_ name: String) -> Bool {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
        return path.split(separator: ":").contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }

    /// Whether a missing peer program is a failure, as in Tests/run, and not a reason to skip.
    static var requiresPeers: Bool { ProcessInfo.processInfo.environment["CULVERT_REQUIRE_PEERS"] == "1" }

    /// Something of the repository that is not there.
    struct Missing: Error, CustomStringConvertible {
        let what: String
        var description: String { "missing: \(what)" }
    }
}
