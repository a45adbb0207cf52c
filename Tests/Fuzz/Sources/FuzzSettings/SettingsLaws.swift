import Foundation
import Relabeling
import Settings

/// What holds for every settings file and every list of targets, whatever its bytes.
///
/// Owns the laws that the fuzzer searches to break and that `Tests/SettingsTests` (where this file is linked) checks on
/// the fuzzer's corpus: it is taken or refused, the same both times; a refusal says where, in one line that a terminal can
/// show; labels of targets that are taken have names Prometheus would take.
enum SettingsLaws {
    private static let longestMessage = 4096

    /// The first law that an input breaks, in words. Its first byte says what the rest is: `a` agent.yml, `c`
    /// collector.yml, `g` a YAML list of targets, `j` a JSON list; the rest is written to `directory` to be read.
    static func broken(by bytes: [UInt8], in directory: String) throws -> String? {
        let rest = Array(bytes.dropFirst())
        let first = bytes.first ?? 0
        let name = "\(directory)/settings.yml"
        if first != UInt8(ascii: "j") { try Data(rest).write(to: URL(fileURLWithPath: name)) }
        let read: () throws(SettingsProblems) -> [TargetGroup]? = { () throws(SettingsProblems) in
            switch first {
            case UInt8(ascii: "c"):
                _ = try CollectorSettings.load(path: name)
                return nil
            case UInt8(ascii: "g"): return try TargetGroupFile.read(name)
            case UInt8(ascii: "j"): return try TargetGroupFile.parse(json: rest, from: "http://sd")
            default:
                _ = try AgentSettings.load(path: name)
                return nil
            }
        }
        let verdict = verdict(read)
        guard verdict == self.verdict(read) else { return "twice the same bytes, and two verdicts" }
        switch verdict {
        case .success(let groups): return broken(by: groups ?? [])
        case .failure(let problems): return broken(by: problems)
        }
    }

    private static func verdict(
        _ read: () throws(SettingsProblems) -> [TargetGroup]?
    ) -> Result<[TargetGroup]?, SettingsProblems> {
        do throws(SettingsProblems) {
            return .success(try read())
        } catch {
            return .failure(error)
        }
    }

    private static func broken(by groups: [TargetGroup]) -> String? {
        for group in groups {
            for (name, _) in group.labels.pairs where !Labels.isValidName(name) { return "a label is called \(name)" }
        }
        return nil
    }

    private static func broken(by problems: SettingsProblems) -> String? {
        guard (1...SettingsProblems.limit + 1).contains(problems.problems.count) else {
            return "\(problems.problems.count) problems"
        }
        for problem in problems.problems {
            guard problem.line >= 0, problem.column >= 0, (problem.line == 0) == (problem.column == 0) else {
                return "a problem at \(problem.line):\(problem.column)"
            }
            guard !problem.message.isEmpty, problem.message.utf8.count <= longestMessage else {
                return "a message of \(problem.message.utf8.count) bytes"
            }
            guard !problem.message.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
                return "a message with control characters: \(problem.message.debugDescription)"
            }
        }
        return nil
    }
}
