import Glibc

/// The `process_*` metrics every Prometheus library has: CPU, memory, descriptors, start time, network.
///
/// Reads /proc each time it is asked; what cannot be read is left out.
public struct ProcessCollector: Collector {
    private let files: ProcFile
    private let ticksPerSecond: Double
    private let pageSize: Double
    /// Seconds since the Unix epoch when the host was started; it does not change.
    private let bootTime: Double?

    /// A collector for this process.
    public init() {
        self.init(root: "/proc")
    }

    /// A collector that reads another directory in place of /proc.
    package init(root: String) {
        self.files = ProcFile(root: root)
        self.ticksPerSecond = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        self.pageSize = Double(max(1, sysconf(Int32(_SC_PAGESIZE))))
        self.bootTime = files.read("stat").flatMap(ProcessStatus.bootTime)
    }

    /// The nine families.
    public var descriptors: [MetricDescriptor] {
        [
            Self.cpu, Self.openDescriptors, Self.maxDescriptors, Self.virtual, Self.maxVirtual, Self.resident,
            Self.start, Self.received, Self.sent,
        ]
    }

    /// Appends what /proc says now.
    public func collect(into sink: inout MetricSink) {
        if let stat = files.read("self/stat").flatMap(ProcessStatus.stat) {
            sink.append(Self.cpu, stat.cpuTicks / ticksPerSecond)
            sink.append(Self.virtual, stat.virtualBytes)
            sink.append(Self.resident, stat.residentPages * pageSize)
            if let bootTime {
                sink.append(Self.start, bootTime + stat.startTicks / ticksPerSecond)
            }
        }
        if let count = files.entryCount("self/fd") {
            // Reading the directory takes a descriptor itself.
            sink.append(Self.openDescriptors, Double(max(0, count - 1)))
        }
        if let limits = files.read("self/limits") {
            if let most = ProcessStatus.softLimit("Max open files", in: limits) {
                sink.append(Self.maxDescriptors, most)
            }
            if let most = ProcessStatus.softLimit("Max address space", in: limits) {
                sink.append(Self.maxVirtual, most)
            }
        }
        if let network = files.read("self/net/netstat").flatMap(ProcessStatus.networkBytes) {
            sink.append(Self.received, network.received)
            sink.append(Self.sent, network.sent)
        }
    }

    private static let cpu = MetricDescriptor(
        "process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.", type: .counter)
    private static let openDescriptors = MetricDescriptor(
        "process_open_fds", help: "Number of open file descriptors.", type: .gauge)
    private static let maxDescriptors = MetricDescriptor(
        "process_max_fds", help: "Maximum number of open file descriptors.", type: .gauge)
    private static let virtual = MetricDescriptor(
        "process_virtual_memory_bytes", help: "Virtual memory size in bytes.", type: .gauge)
    private static let maxVirtual = MetricDescriptor(
        "process_virtual_memory_max_bytes", help: "Maximum amount of virtual memory available in bytes.", type: .gauge)
    private static let resident = MetricDescriptor(
        "process_resident_memory_bytes", help: "Resident memory size in bytes.", type: .gauge)
    private static let start = MetricDescriptor(
        "process_start_time_seconds", help: "Start time of the process since unix epoch in seconds.", type: .gauge)
    private static let received = MetricDescriptor(
        "process_network_receive_bytes_total",
        help: "Number of bytes received by the process over the network.", type: .counter)
    private static let sent = MetricDescriptor(
        "process_network_transmit_bytes_total",
        help: "Number of bytes sent by the process over the network.", type: .counter)
}
