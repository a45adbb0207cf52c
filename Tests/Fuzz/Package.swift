// swift-tools-version: 6.2

import PackageDescription

// Fuzzers of what peers and files can say: `./run SECONDS`. A package of its own, because its flags would forbid others
// to depend on it; the rooms are the product's own sources, by symbolic links.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]
/// Coverage in the rooms under test, the engine in the executables.
let fuzzed: [SwiftSetting] = settings + [.unsafeFlags(["-sanitize=fuzzer"])]
let engine: [SwiftSetting] = fuzzed + [.unsafeFlags(["-parse-as-library"])]
let linked: [LinkerSetting] = [.unsafeFlags(["-sanitize=fuzzer"])]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

let package = Package(
    name: "fuzz",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .target(name: "Exposition", swiftSettings: fuzzed),
        .target(name: "ScrapeCodec", dependencies: ["Exposition", "CZstd", nio], swiftSettings: fuzzed),
        .target(
            name: "ScrapeLog", dependencies: [nio],
            swiftSettings: fuzzed + [.unsafeFlags(["-enable-testing"])]),
        .target(name: "TLS", dependencies: ["COpenSSL", nio], swiftSettings: settings),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .target(
            name: "HTTPClient", dependencies: ["TLS", "CDeflate", nio, nioPosix],
            swiftSettings: fuzzed + [.unsafeFlags(["-enable-testing"])]),
        .target(
            name: "Tunnel", dependencies: ["TLS", "ScrapeCodec", "ScrapeLog", nio, nioPosix], swiftSettings: fuzzed),
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),
        .target(name: "Relabeling", dependencies: ["CRE2", "COpenSSL"], swiftSettings: fuzzed),
        .target(
            name: "Settings", dependencies: ["Relabeling", .product(name: "Yams", package: "Yams")],
            swiftSettings: fuzzed),
        .target(name: "FuzzEngine", swiftSettings: settings),
        .executableTarget(
            name: "FuzzFrames", dependencies: ["FuzzEngine", "Tunnel", nio], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzRecords", dependencies: ["FuzzEngine", "ScrapeLog", "ScrapeCodec", nio], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzCodec", dependencies: ["FuzzEngine", "ScrapeCodec", nio], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzLines", dependencies: ["FuzzEngine", "Exposition"], swiftSettings: engine, linkerSettings: linked
        ),
        .executableTarget(
            name: "FuzzLog", dependencies: ["FuzzEngine", "ScrapeLog", nio], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzCursors", dependencies: ["FuzzEngine", "TLS", "Relabeling"], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzDNS", dependencies: ["FuzzEngine", nio], swiftSettings: engine, linkerSettings: linked),
        .executableTarget(
            name: "FuzzPatterns", dependencies: ["FuzzEngine", "Relabeling"], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzSettings", dependencies: ["FuzzEngine", "Settings", "Relabeling"], swiftSettings: engine,
            linkerSettings: linked),
        .executableTarget(
            name: "FuzzAnswers", dependencies: ["FuzzEngine", "HTTPClient", nio], swiftSettings: engine,
            linkerSettings: linked),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
