import Foundation
import Testing

/// A server of others that the client is tested against, and the Debian package it comes in.
enum PeerProgram: String, Sendable {
    case nginx
    case haproxy
    case tinyproxy

    /// Where it is; nil when it is not installed.
    var path: String? {
        let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        return (places + ["/usr/sbin", "/sbin"]).map { $0 + "/" + rawValue }
            .first { FileManager.default.isExecutableFile(atPath: $0) }
    }

    /// Whether a missing one is a failure rather than a reason to skip.
    static var areRequired: Bool { ProcessInfo.processInfo.environment["CULVERT_REQUIRE_PEERS"] == "1" }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test when a program is missing, and says which package has it.
    static func needs(_ programs: PeerProgram...) -> Self {
        let missing = programs.filter { $0.path == nil }
            .map { "\($0.rawValue) is missing: install the Debian package of that name" }.joined(separator: "; ")
        return .enabled(if: missing.isEmpty || PeerProgram.areRequired, Comment(rawValue: missing))
    }
}
