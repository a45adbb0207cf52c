import NIOCore
import PrometheusInstrumentation
import Relabeling
import ScrapeCodec
import Testing

@testable import Views

/// Reads that come while the replicas on disk are loaded.
@Suite struct LoadingTests {
    private let served = ServedStore(isLoaded: false)

    private func get(_ id: TargetID, timeout: String) -> String {
        "GET /targets/\(id)/metrics HTTP/1.1\r\nX-Prometheus-Scrape-Timeout-Seconds: \(timeout)\r\n\r\n"
    }

    @Test(arguments: [true, false])
    func `a plain read waits until they are loaded, and those behind it wait with it`(fast: Bool) async throws {
        let id = try served.scraped("one", "n 1\n")
        try await served.serve(served.configuration(fast: fast)) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(id, timeout: "60") + "GET /-/healthy HTTP/1.1\r\n\r\n")
            try await eventually("the read waits") { served.store.isAwaited }
            #expect(reader.byteCount == 0)
            served.store.loaded()
            #expect(try await reader.answers(2).map(\.body) == ["n 1\n", "Culvert collector is healthy.\n"])
            await reader.close()
        }
    }

    @Test(arguments: [true, false])
    func `it waits no longer than its reader allows, and not for a reader that has gone`(fast: Bool) async throws {
        let id = try served.scraped("one", "n 1\n")
        try await served.serve(served.configuration(fast: fast)) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(id, timeout: "0.05"))
            let answer = try await reader.answers(1)[0]
            #expect(answer.status == 503 && answer.body.contains("still being loaded"))
            try await reader.send(get(id, timeout: "60"))
            try await eventually("the read waits") { served.store.isAwaited }
            await reader.close()
            if fast { try await eventually("nobody waits") { !served.store.isAwaited } }
            served.store.loaded()
        }
    }

    @Test func `a shutdown answers who waits`() async throws {
        let id = try served.scraped("one", "n 1\n")
        try await served.serve(served.configuration()) { server in
            let reader = try await SocketReader.connect(server.port)
            try await reader.send(get(id, timeout: "60"))
            try await eventually("the read waits") { served.store.isAwaited }
            await server.shutDown()
            #expect(try await reader.answers(1)[0].status == 503)
            await reader.close()
        }
    }
}
