import Foundation
import TestSupport
import Testing

/// The programs of others that tests need, and the Debian packages they come in.
enum Peers {
    /// A program, found or not.
    struct Peer: Sendable {
        let program: String
        let package: String

        var path: String? {
            let places = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
            return (places + ["/usr/sbin", "/sbin"]).map { $0 + "/" + program }
                .first { FileManager.default.isExecutableFile(atPath: $0) }
        }

        /// The path, or an error that says what to install.
        func required() throws -> String {
            guard let path else { throw Missing(description: sentence) }
            return path
        }

        var sentence: String { "\(program) is missing: install the Debian package \(package)" }
    }

    /// A peer that must be there and is not.
    struct Missing: Error, CustomStringConvertible {
        let description: String
    }

    static let prometheus = Peer(program: "prometheus", package: "prometheus")
    static let promtool = Peer(program: "promtool", package: "prometheus")
    static let nodeExporter = Peer(program: "prometheus-node-exporter", package: "prometheus-node-exporter")
    static let tinyproxy = Peer(program: "tinyproxy", package: "tinyproxy")
    static let ip = Peer(program: "ip", package: "iproute2")
    static let iptables = Peer(program: "iptables", package: "iptables")

    /// The library that moves a program's clock, from the package faketime.
    static var faketimeLibrary: String? {
        ["x86_64-linux-gnu", "aarch64-linux-gnu"].map { "/usr/lib/\($0)/faketime/libfaketimeMT.so.1" }
            .first { FileManager.default.fileExists(atPath: $0) }
    }

    /// What makes the clock of a program run apart by so many seconds, when the library is there.
    static func faketime(_ seconds: Int) throws -> [String: String] {
        guard let faketimeLibrary else {
            throw Missing(description: "libfaketime is missing: install the Debian package faketime")
        }
        return [
            "LD_PRELOAD": faketimeLibrary, "FAKETIME": (seconds < 0 ? "" : "+") + "\(seconds)",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1",
        ]
    }

    /// Whether a missing peer is a failure rather than a reason to skip.
    static var areRequired: Bool { ProcessInfo.processInfo.environment["CULVERT_REQUIRE_PEERS"] == "1" }

    /// Whether a test that needs `peers` runs: when all are there, or when a missing one shall fail it.
    static func canRun(_ peers: [Peer]) -> Bool { areRequired || peers.allSatisfy { $0.path != nil } }

    /// Whether the long rounds are wanted.
    static var isSoak: Bool { ProcessInfo.processInfo.environment["CULVERT_SOAK"] == "1" }
}

extension Trait where Self == ConditionTrait {
    /// Skips the test when a program is missing, and says which package has it.
    static func needs(_ peers: Peers.Peer...) -> Self {
        let missing = peers.filter { $0.path == nil }.map(\.sentence).joined(separator: "; ")
        return .enabled(if: Peers.canRun(peers), Comment(rawValue: missing))
    }
}
