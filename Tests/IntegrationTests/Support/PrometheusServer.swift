import Foundation
import TestSupport

/// A Prometheus of a test: its process, its port, and questions to it.
final class PrometheusServer: Sendable {
    let process: ChildProcess
    let port: Int
    private let arguments: [String]
    private let name: String
    private let directory: TemporaryDirectory

    private init(
        process: ChildProcess, port: Int, arguments: [String], name: String, directory: TemporaryDirectory
    ) {
        self.process = process
        self.port = port
        self.arguments = arguments
        self.name = name
        self.directory = directory
    }

    static func start(
        _ configuration: String, name: String, in directory: TemporaryDirectory, flags: [String] = []
    ) async throws -> PrometheusServer {
        let program = try Peers.prometheus.required()
        let file = "\(directory.path)/\(name).yml"
        let port = try await TestExporter.freePort()
        try Data(configuration.utf8).write(to: URL(fileURLWithPath: file))
        let arguments =
            [
                program, "--config.file=\(file)", "--storage.tsdb.path=\(directory.path)/\(name)-data",
                "--web.listen-address=127.0.0.1:\(port)",
            ] + flags
        let process = try await ChildProcess.start(arguments, name: name, in: directory)
        return PrometheusServer(process: process, port: port, arguments: arguments, name: name, directory: directory)
    }

    /// The same with its data, once the process has ended.
    func startAgain() async throws -> PrometheusServer {
        let process = try await ChildProcess.start(arguments, name: name, in: directory)
        return PrometheusServer(process: process, port: port, arguments: arguments, name: name, directory: directory)
    }

    /// The time and the value of a sample: a number and a text.
    private enum Value: Decodable {
        case number(Double)
        case text(String)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let number = try? container.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try container.decode(String.self))
            }
        }

        var double: Double? {
            switch self {
            case .number(let number): number
            case .text(let text): Double(text)
            }
        }
    }

    private struct Answer: Decodable {
        struct Payload: Decodable {
            struct Series: Decodable {
                var metric: [String: String]
                var value: [Value]?
                var values: [[Value]]?
            }
            var result: [Series]
        }
        var data: Payload
    }

    private func answer(_ expression: String) async throws -> [Answer.Payload.Series] {
        let escaped = expression.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? ""
        let reply = try await HTTPReader.request("/api/v1/query?query=\(escaped)", port: port)
        return try JSONDecoder().decode(Answer.self, from: Data(reply.body)).data.result
    }

    /// The series that `expression` has now, with their values.
    func query(_ expression: String) async throws -> [[String: String]: String] {
        let pairs = try await answer(expression).map { series in
            var value = ""
            if case .text(let text)? = series.value?.last { value = text }
            return (series.metric, value)
        }
        return Dictionary(pairs) { first, _ in first }
    }

    /// The raw samples of the only series of a range selector, oldest first.
    func samples(_ selector: String) async throws -> [(time: Double, value: Double)] {
        let series = try await answer(selector)
        guard series.count <= 1 else {
            throw HTTPReply.Malformed(description: "\(selector) has \(series.count) series: \(series.map(\.metric))")
        }
        return (series.first?.values ?? []).compactMap { pair in
            guard pair.count == 2, let time = pair[0].double, let value = pair[1].double else { return nil }
            return (time, value)
        }
    }

    struct Targets: Decodable {
        struct Payload: Decodable {
            struct Target: Decodable {
                var labels: [String: String]
                var lastError: String
                var health: String
                var scrapeInterval: String
            }
            var activeTargets: [Target]
        }
        var data: Payload
    }

    func targets() async throws -> [Targets.Payload.Target] {
        let reply = try await HTTPReader.request("/api/v1/targets?state=active", port: port)
        return try JSONDecoder().decode(Targets.self, from: Data(reply.body)).data.activeTargets
    }

    /// What it complained about: samples it did not take, and worse.
    var complaints: [String] {
        process.lines.filter { $0.contains("level=warn") || $0.contains("level=error") }
    }
}
