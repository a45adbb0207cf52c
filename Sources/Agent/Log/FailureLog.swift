import FoundationEssentials
import Glibc
import Logging
import NIOCore
import NIOPosix

/// The files of `scrape_failure_log_file`: a line of JSON for each scrape that failed, as Prometheus writes them.
///
/// Owns the lines that are not written yet, bounded; files are opened for every batch, so that they can be moved away.
/// Confined to its event loop; writes on a thread that may block.
final class FailureLog {
    /// One line.
    struct Entry: Encodable {
        /// RFC 3339.
        var time: String
        var level = "ERROR"
        var msg: String
        var job: String
        var target: String

        private enum CodingKeys: String, CodingKey {
            case time, level, msg, target
            case job = "job_name"
        }

        /// - Parameter milliseconds: since the Unix epoch.
        init(milliseconds: Int64, message: String, job: String, target: String) {
            let date = Date(timeIntervalSince1970: Double(milliseconds) / 1000)
            time = date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            msg = message
            self.job = job
            self.target = target
        }

        var line: [UInt8] {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            return (try? encoder.encode(self)).map { Array($0) + [0x0A] } ?? []
        }
    }

    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    private let logger: Logger
    private var pending: [String: [UInt8]] = [:]
    private var isWriting = false
    private var dropped = 0
    /// What was said of each file last.
    private var problems: [String: String] = [:]

    /// Bytes that wait for a slow disk; more are dropped and counted.
    private static let limit = 1 << 20

    init(eventLoop: any EventLoop, threadPool: NIOThreadPool, logger: Logger) {
        self.eventLoop = eventLoop
        self.threadPool = threadPool
        self.logger = logger
    }

    func append(_ entry: Entry, to path: String) {
        let line = entry.line
        if pending[path, default: []].count + line.count > Self.limit {
            if dropped == 0 {
                logger.warning("lines of a scrape_failure_log_file are dropped", metadata: ["file": "\(path)"])
            }
            return dropped += 1
        }
        pending[path, default: []] += line
        write()
    }

    private func write() {
        guard !isWriting, !pending.isEmpty else { return }
        isWriting = true
        let batch = pending
        pending = [:]
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        threadPool.runIfActive(eventLoop: eventLoop) { batch.map { ($0.key, Self.write($0.value, to: $0.key)) } }
            .whenComplete { result in
                let log = bound.value
                log.isWriting = false
                guard case .success(let written) = result else { return }
                log.dropped = 0
                for (path, problem) in written { log.tell(problem, of: path) }
                log.write()
            }
    }

    private func tell(_ problem: String?, of path: String) {
        guard problems[path] != problem else { return }
        problems[path] = problem
        guard let problem else { return }
        logger.warning(
            "a scrape_failure_log_file cannot be written", metadata: ["file": "\(path)", "reason": "\(problem)"])
    }

    /// Nil, or why not.
    private static func write(_ bytes: [UInt8], to path: String) -> String? {
        let file = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0o644)
        guard file >= 0 else { return String(cString: strerror(errno)) }
        defer { close(file) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { return String(cString: strerror(errno)) }
            rest = rest.dropFirst(count)
        }
        return nil
    }
}
