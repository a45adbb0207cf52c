import Foundation
import NIOCore
import NIOPosix
import TestSupport
import Testing

/// The agent lives in networks into which nobody can dial.
@Suite(.onStage) struct PrivateNetworkTests {
    @Test func `the agent has no listening socket`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)]))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        // The kernel's table is read in pieces while other tests open and close sockets, so that one reading may miss a
        // line: the question is asked rightly when the collector's two are found, and the agent is asked several times.
        try await eventually("the collector's two sockets are found") {
            try Set(Sockets.listening(collector.process.pid)).count == 2
        }
        for _ in 0..<20 { #expect(try Sockets.listening(agent.process.pid) == []) }
    }

    @Test(
        .needs(Peers.ip, Peers.iptables),
        .enabled(if: geteuid() == 0 || Peers.areRequired, "a network namespace needs root"))
    func `it works in a network that drops everything that comes from outside`() async throws {
        let network = try NetworkNamespace()
        let exporter = try await TestExporter.start(host: network.outside)
        exporter.count(on: "/metrics")
        var options = Collector.Options()
        options.tunnelHost = network.outside
        let collector = try await Collector.start(options)
        let agent = try await Agent.start(
            .init(
                collectorHost: network.outside, collectorPort: collector.tunnelPort,
                jobs: [Job("one", "\(network.outside):\(exporter.port)")], namespace: network.name))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        let first = exporter.requestCount("/metrics")
        try await eventually("data keeps coming") {
            Int(try await collector.get(path).sample("scrapes_total") ?? 0) > first + 2
        }
        #expect(agent.process.poll() == nil)
        // And it is a network into which nobody can dial.
        await #expect(throws: ChannelError.self) {
            try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton).connectTimeout(.seconds(1))
                .connect(host: network.inside, port: 22).get()
        }
    }

    @Test(.needs(Peers.tinyproxy)) func `it goes out through a proxy that asks for a password`() async throws {
        let exporter = try await TestExporter.start()
        exporter.count(on: "/metrics")
        let collector = try await Collector.start()
        let directory = try TemporaryDirectory()
        let port = try await TestExporter.freePort()
        let configuration = """
            Port \(port)
            Listen 127.0.0.1
            Timeout 600
            MaxClients 20
            BasicAuth walter s3cr3t
            ConnectPort \(collector.tunnelPort)
            LogLevel Connect

            """
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: directory.path + "/tinyproxy.conf"))
        let proxy = try await ChildProcess.start(
            [try Peers.tinyproxy.required(), "-d", "-c", directory.path + "/tinyproxy.conf"], name: "proxy",
            in: directory)
        try await eventually("the proxy listens") {
            try Sockets.listening(proxy.pid).isEmpty == false
        }
        let entry = ["proxy_url: http://127.0.0.1:\(port)", "proxy_basic_auth: {username: walter, password: s3cr3t}"]
        let agent = try await Agent.start(
            .init(collectorPort: collector.tunnelPort, jobs: [Job("one", exporter.address)], collector: entry))
        let path = try await collector.path(["job": "one"])
        try await collector.get(path, until: 200)
        try await eventually("the proxy has seen it") {
            (proxy.outputLines + proxy.lines).contains { $0.contains("CONNECT 127.0.0.1:\(collector.tunnelPort)") }
        }

        let wrong = ["proxy_url: http://127.0.0.1:\(port)", "proxy_basic_auth: {username: walter, password: wr0ng}"]
        let refused = try await Agent.start(
            .init(name: "second", collectorPort: collector.tunnelPort, collector: wrong))
        let line = try await eventually("the refusal is logged") { refused.process.line("not connected", "step=proxy") }
        #expect(line.contains("do=\"set or correct the user and password in the agent's proxy settings\""), "\(line)")
        #expect(refused.process.lines.contains { $0.contains("wr0ng") } == false)
        #expect(try await collector.get("/agents/second/metrics").status == 404)
        #expect(agent.process.lines.contains { $0.contains("s3cr3t") } == false)
    }
}
