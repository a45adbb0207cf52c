import Foundation
import NIOCore
import NIOPosix
import Relabeling
import Settings
import TestSupport

@testable import Discovery

/// A provider on an event loop of its own, with a resolv.conf of its own.
final class DNSProviderFixture: Sendable {
    private let loop: any EventLoop
    private let provider: NIOLoopBoundBox<DNSProvider?>
    private let directory: TemporaryDirectory
    private let stream: AsyncStream<DiscoveryReport>

    /// - Parameter resolvConf: nil: there is no such file.
    init(_ config: DNSSDConfig, resolvConf: String?) async throws {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        self.loop = loop
        directory = try TemporaryDirectory()
        provider = .makeEmptyBox(eventLoop: loop)
        let (stream, continuation) = AsyncStream.makeStream(of: DiscoveryReport.self)
        self.stream = stream
        if let resolvConf { try write(resolvConf) }
        let (path, provider) = (path, provider)
        try await loop.submit {
            let made = DNSProvider(config, eventLoop: loop, resolvConf: path)
            provider.value = made
            made.start { continuation.yield($0) }
        }.get()
    }

    var path: String { directory.path + "/resolv.conf" }

    func write(_ text: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    /// The next report that says something new, and for which this holds.
    func report(where condition: (DiscoveryReport) -> Bool = { _ in true }) async -> DiscoveryReport? {
        for await report in stream where report.groups != nil || !report.problems.isEmpty {
            if condition(report) { return report }
        }
        return nil
    }

    /// The addresses of the next report that has groups.
    func targets() async -> [String]? { await report { $0.groups != nil }?.groups?.flatMap(\.targets) }

    /// Stops the provider; whether nothing keeps it alive.
    func stop() async throws -> Bool {
        let leftOver = try await loop.submit { [provider, loop] in
            weak let left = provider.value
            provider.value?.stop()
            provider.value = nil
            return NIOLoopBound(Weak(left), eventLoop: loop)
        }.get()
        // What the loop was about to do for it is done by then, closing sockets included.
        for _ in 0..<100 where try await loop.submit({ leftOver.value.provider != nil }).get() {}
        return try await loop.submit { leftOver.value.provider == nil }.get()
    }

    private final class Weak {
        weak var provider: DNSProvider?
        init(_ provider: DNSProvider?) { self.provider = provider }
    }
}
