import Foundation
import Settings
import TestSupport
import Testing

/// promtool and Culvert accept and refuse the same jobs.
@Suite(.onStage) struct ConfigAgreementTests {
    private struct Case: Sendable {
        var name: String
        var isWhole = false
        /// Why the two may disagree.
        var difference: String?
        var lines: [String] = []

        var text: String {
            ((isWhole ? [] : ["scrape_configs:", "  - job_name: job"]) + lines).joined(separator: "\n") + "\n"
        }
    }

    private static func cases() throws -> [Case] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("Fixtures/agreement/configs.txt")
        var cases: [Case] = []
        for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
            if line.hasPrefix("=== ") {
                let isWhole = line.hasPrefix("=== whole ")
                cases.append(Case(name: String(line.dropFirst(isWhole ? 10 : 4)), isWhole: isWhole))
            } else if !cases.isEmpty {
                if line.hasPrefix("differs: ") {
                    cases[cases.count - 1].difference = String(line.dropFirst(9))
                } else {
                    cases[cases.count - 1].lines.append(String(line))
                }
            }
        }
        return cases
    }

    /// What Culvert says against a file; empty when it takes it.
    private static func problems(of file: String, in directory: TemporaryDirectory) throws -> [String] {
        do {
            _ = try PastedSettings.load(file, in: directory)
            return []
        } catch let error as SettingsProblems {
            return error.problems.map(\.description)
        }
    }

    @Test func `both take and refuse the same files, and where they differ it is known why`() async throws {
        let directory = try TemporaryDirectory()
        let file = "\(directory.path)/prometheus.yml"
        let promtool = try Peers.promtool.required()
        let cases = try Self.cases()
        #expect(cases.count >= 80)
        for one in cases {
            try Data(one.text.utf8).write(to: URL(fileURLWithPath: file))
            let check = try await ChildProcess.start(
                [promtool, "check", "config", file], name: "promtool", in: directory)
            let isTaken = try await check.end() == .exited(0)
            let problems = try Self.problems(of: file, in: directory)
            guard one.difference == nil else { continue }
            #expect(
                isTaken == problems.isEmpty,
                "\(one.name): promtool \(isTaken ? "takes" : "refuses") it: \(problems) \(check.lines)")
            // The place in the file, and what was expected.
            for problem in problems { #expect(problem.contains("prometheus.yml:"), "\(one.name): \(problem)") }
        }
    }
}
