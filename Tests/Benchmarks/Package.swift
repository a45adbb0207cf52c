// swift-tools-version: 6.2

import PackageDescription

// Benchmarks: `./pipeline --help` and `swift run -c release codec-benchmark --help`. A package of its own, so that whoever depends on Culvert does not build it; rooms of
// the product that it needs are the product's own sources, by symbolic links.

let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]
let strict: [SwiftSetting] = settings + [.strictMemorySafety()]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")

let package = Package(
    name: "benchmarks",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    ],
    targets: [
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CMalloc"),
        .target(name: "Exposition", swiftSettings: settings),
        .target(name: "ScrapeCodec", dependencies: ["Exposition", "CZstd", nio], swiftSettings: strict),
        .target(name: "ScrapeLog", dependencies: [nio], swiftSettings: strict),
        .target(name: "TLS", dependencies: ["COpenSSL", nio], swiftSettings: strict),
        .target(name: "Recordings", dependencies: [nio], swiftSettings: strict),
        .executableTarget(
            name: "simulate",
            dependencies: [
                "Recordings", "TLS", "CDeflate", nio, nioPosix, nioHTTP1,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: strict),
        .executableTarget(
            name: "codec-benchmark",
            dependencies: [
                "Recordings", "ScrapeCodec", "ScrapeLog", "CMalloc", nio,
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
