import Foundation
import PrometheusInstrumentation
import Testing

@Suite("Process metrics")
struct ProcessCollectorTests {
    @Test func `are those of this process`() throws {
        let registry = MetricsRegistry()
        try registry.register(ProcessCollector())
        func value(_ name: String) throws -> Double {
            let text = try #require(sample(name, registry), "\(name)")
            return try #require(Double(text))
        }
        let now = Date().timeIntervalSince1970
        #expect(try value("process_cpu_seconds_total") > 0)
        #expect(try value("process_start_time_seconds") < now + 5)
        #expect(try value("process_start_time_seconds") > now - 7200)
        #expect(try value("process_resident_memory_bytes") > 1_048_576)
        #expect(try value("process_virtual_memory_bytes") > value("process_resident_memory_bytes"))
        #expect(try value("process_open_fds") >= 3)
        #expect(try value("process_max_fds") >= value("process_open_fds"))
        #expect(try value("process_virtual_memory_max_bytes") > 0)
        #expect(try value("process_network_receive_bytes_total") >= 0)
        #expect(try value("process_network_transmit_bytes_total") >= 0)
    }

    @Test func `a command may hold blanks and parentheses`() {
        let rest = "S 1 2 3 4 5 6 7 8 9 10 150 50 13 14 15 16 17 18 4200 1048576 256 99 x"
        let expected = ProcessStatus.Stat(
            cpuTicks: 200, startTicks: 4200, virtualBytes: 1_048_576, residentPages: 256)
        for command in ["(a)", "(a b)", "(a) R 1 (b)", "(()", "(\n)"] {
            #expect(ProcessStatus.stat("77 \(command) \(rest)") == expected)
        }
        for text in ["", "77", "77 (a", "77 (a)", "77 (a) S 1 2", "77 (a) " + String(repeating: "x ", count: 40)] {
            #expect(ProcessStatus.stat(text) == nil)
        }
    }

    @Test func `limits may be missing or unlimited`() {
        let text =
            "Limit  Soft  Hard  Units\nMax open files            1024  4096  files\n"
            + "Max address space         unlimited  unlimited  bytes\nMax broken\n"
        #expect(ProcessStatus.softLimit("Max open files", in: text) == 1024)
        #expect(ProcessStatus.softLimit("Max address space", in: text) == Double(UInt64.max))
        #expect(ProcessStatus.softLimit("Max broken", in: text) == nil)
        #expect(ProcessStatus.softLimit("Max else", in: text) == nil)
    }

    @Test func `network counts are found by their column`() {
        let text = "TcpExt: A B\nTcpExt: 1 2\nIpExt: X InOctets Y OutOctets\nIpExt: 1 22 3 44\n"
        #expect(ProcessStatus.networkBytes(text)?.received == 22)
        #expect(ProcessStatus.networkBytes(text)?.sent == 44)
        for text in ["", "IpExt: InOctets\n", "IpExt: InOctets OutOctets\nIpExt: 1\n", "IpExt: A\nIpExt: 1\n"] {
            #expect(ProcessStatus.networkBytes(text) == nil)
        }
    }

    @Test func `what cannot be read is left out`() throws {
        let root = FileManager.default.temporaryDirectory.appendingPathComponent("proc-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: root.appendingPathComponent("self/fd"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: root) }
        try Data("garbage".utf8).write(to: root.appendingPathComponent("self/stat"))
        let registry = MetricsRegistry(selfMetrics: false)
        try registry.register(ProcessCollector(root: root.path))
        #expect(page(registry).split(separator: "\n").filter { !$0.hasPrefix("#") } == ["process_open_fds 0"])
        let absent = MetricsRegistry(selfMetrics: false)
        try absent.register(ProcessCollector(root: root.path + "/none"))
        #expect(absent.render().isEmpty)
    }
}
