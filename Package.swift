// swift-tools-version: 6.2

import PackageDescription

/// What every room is built with: Swift 6 mode, and the features that make dependencies and isolation visible.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
]

/// For the rooms that touch C: every unsafe expression is marked.
let strict: [SwiftSetting] = settings + [.strictMemorySafety()]

let nio: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioEmbedded: Target.Dependency = .product(name: "NIOEmbedded", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let yams: Target.Dependency = .product(name: "Yams", package: "Yams")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "culvert",
    products: [
        .executable(name: "culvert", targets: ["culvert"]),
        .library(name: "PrometheusInstrumentation", targets: ["PrometheusInstrumentation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.14.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // C libraries: a module map and a shim header each.
        .systemLibrary(name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        // RE2 is C++: a C interface over it.
        .target(name: "CRE2", linkerSettings: [.linkedLibrary("re2")]),

        // Foundations: no I/O, no clock.
        .target(name: "PrometheusInstrumentation", swiftSettings: settings),
        .target(name: "Exposition", swiftSettings: settings),
        .target(name: "Relabeling", dependencies: ["CRE2", "COpenSSL"], swiftSettings: strict),
        .target(name: "SeriesRules", dependencies: ["Exposition", "Relabeling", nio], swiftSettings: strict),
        .target(name: "ScrapeCodec", dependencies: ["Exposition", "CZstd", nio], swiftSettings: strict),
        .target(name: "ScrapeLog", dependencies: [nio], swiftSettings: strict),
        .target(name: "TLS", dependencies: ["COpenSSL", nio], swiftSettings: strict),
        .target(
            name: "HTTPClient", dependencies: ["TLS", "CDeflate", nio, nioPosix], swiftSettings: strict),
        .target(name: "Settings", dependencies: ["Relabeling", yams], swiftSettings: settings),

        // The work.
        .target(
            name: "Discovery",
            dependencies: ["Settings", "Relabeling", "SeriesRules", "HTTPClient", "TLS", nio, nioPosix],
            swiftSettings: settings),
        .target(
            name: "Scraping",
            dependencies: ["Exposition", "HTTPClient", "ScrapeCodec", "Relabeling", "SeriesRules", "TLS", nio],
            swiftSettings: settings),
        .target(
            name: "Tunnel", dependencies: ["TLS", "ScrapeCodec", "ScrapeLog", nio, nioPosix], swiftSettings: settings),
        .target(
            name: "Views",
            dependencies: [
                "Exposition", "Relabeling", "ScrapeCodec", "TLS", "PrometheusInstrumentation", "CDeflate", hummingbird,
                httpTypes, nio, nioPosix, nioHTTP1, logging, lifecycle,
            ],
            swiftSettings: strict),

        // Compositions.
        .target(
            name: "Agent",
            dependencies: [
                "Settings", "Discovery", "Scraping", "HTTPClient", "Relabeling", "SeriesRules", "ScrapeCodec",
                "ScrapeLog", "Tunnel",
                "TLS",
                "PrometheusInstrumentation", nio, nioPosix, logging, lifecycle,
            ], swiftSettings: settings),
        .target(
            name: "Collector",
            dependencies: [
                "Settings", "Relabeling", "ScrapeCodec", "ScrapeLog", "Tunnel", "TLS", "Views",
                "HTTPClient", "PrometheusInstrumentation",
                nio, nioPosix, logging, lifecycle,
            ], swiftSettings: settings),
        .executableTarget(
            name: "culvert",
            dependencies: [
                "Agent", "Collector", "Settings", "ScrapeLog", "TLS", arguments, logging, lifecycle,
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ], swiftSettings: settings),

        // Tests: one target per room, and those that run the program.
        .target(name: "TestSupport", path: "Tests/TestSupport", swiftSettings: settings),
        .testTarget(
            name: "PrometheusInstrumentationTests", dependencies: ["TestSupport", "PrometheusInstrumentation"],
            swiftSettings: settings
        ),
        .testTarget(name: "ExpositionTests", dependencies: ["TestSupport", "Exposition"], swiftSettings: settings),
        .testTarget(name: "RelabelingTests", dependencies: ["Relabeling"], swiftSettings: settings),
        .testTarget(
            name: "SeriesRulesTests", dependencies: ["SeriesRules", "Exposition", "Relabeling", "TestSupport", nio],
            swiftSettings: settings),
        .testTarget(name: "SettingsTests", dependencies: ["Settings", "Relabeling"], swiftSettings: settings),
        .testTarget(
            name: "DiscoveryTests",
            dependencies: [
                "Discovery", "Settings", "Relabeling", "HTTPClient", "TestSupport", nio, nioPosix, nioEmbedded,
                nioHTTP1,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "ScrapeCodecTests", dependencies: ["TestSupport", "ScrapeCodec", nio], swiftSettings: settings),
        .testTarget(name: "ScrapeLogTests", dependencies: ["TestSupport", "ScrapeLog", nio], swiftSettings: settings),
        .testTarget(
            name: "TLSTests",
            dependencies: [
                "TLS", "COpenSSL", "TestSupport", nio, nioPosix, nioEmbedded,
                .product(name: "NIOConcurrencyHelpers", package: "swift-nio"),
            ], swiftSettings: settings),
        .testTarget(
            name: "HTTPClientTests",
            dependencies: ["HTTPClient", "TLS", "TestSupport", "CDeflate", nio, nioPosix, nioEmbedded],
            swiftSettings: settings),
        .testTarget(
            name: "ScrapingTests",
            dependencies: [
                "TestSupport", "Scraping", "HTTPClient", "ScrapeCodec", "Relabeling", nio, nioPosix, nioEmbedded,
                nioHTTP1,
            ], swiftSettings: settings),
        .testTarget(
            name: "AgentTests",
            dependencies: [
                "TestSupport", "Agent", "ScrapeCodec", "ScrapeLog", "Tunnel", "PrometheusInstrumentation", nio, logging,
            ],
            swiftSettings: settings),
        .testTarget(
            name: "IntegrationTests",
            dependencies: [
                "culvert", "TestSupport", "Settings", "Discovery", "HTTPClient", "Relabeling", nio, nioPosix, nioHTTP1,
            ],
            swiftSettings: settings),
        .testTarget(name: "DeploymentTests", dependencies: ["culvert", "TestSupport"], swiftSettings: settings),
        .testTarget(
            name: "TunnelTests",
            dependencies: ["Tunnel", "TLS", "ScrapeCodec", "ScrapeLog", "TestSupport", nio, nioPosix, nioEmbedded],
            swiftSettings: settings),
        .testTarget(
            name: "CollectorTests",
            dependencies: [
                "Agent", "Collector", "Views", "Relabeling", "ScrapeCodec", "ScrapeLog", "Tunnel", "TLS",
                "PrometheusInstrumentation", "TestSupport", nio,
            ], swiftSettings: settings),
        .testTarget(
            name: "ViewsTests",
            dependencies: [
                "TestSupport", "Views", "Relabeling", "ScrapeCodec", "TLS", "PrometheusInstrumentation", nio, nioPosix,
                nioHTTP1, logging, lifecycle,
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6],
    cxxLanguageStandard: .cxx17
)
