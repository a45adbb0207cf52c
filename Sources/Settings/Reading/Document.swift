import Yams

/// The YAML of one settings file.
enum Document {
    /// The one mapping of the file that `log` is about, or `nil` after saying what is wrong with it. A file that may be
    /// empty gives `nil` without a problem when it is. `cure` says what to do when there is no such file.
    static func read(name: String, cure: String, mayBeEmpty: Bool = false, log: ProblemLog) -> MappingReader? {
        do {
            let bytes = try SourceFile.read(log.file, cure: cure)
            return mapping(in: bytes, name: name, mayBeEmpty: mayBeEmpty, log: log)
        } catch {
            log.add(.unreadable, at: .wholeFile, error.message)
            return nil
        }
    }

    /// The one mapping that `bytes` hold, or `nil` after saying what is wrong with them.
    static func mapping(
        in bytes: [UInt8], name: String, mayBeEmpty: Bool = false, log: ProblemLog
    ) -> MappingReader? {
        guard let root = root(in: bytes, log: log) else {
            if log.problems.isEmpty, !mayBeEmpty {
                log.add(.malformed, at: start, "the file is empty: expected \(name)")
            }
            return nil
        }
        return MappingReader(root, name: name, key: root.position ?? start, log: log)
    }

    /// The one list that `bytes` hold, empty for an empty file, or `nil` after saying what is wrong with them.
    static func list(in bytes: [UInt8], log: ProblemLog) -> [Node]? {
        guard let root = root(in: bytes, log: log) else { return log.problems.isEmpty ? [] : nil }
        guard let sequence = root.sequence else {
            log.add(.wrongType, at: root.position ?? start, "expected a list of groups, found \(root.kind)")
            return nil
        }
        return Array(sequence)
    }

    private static let start = SourcePosition(line: 1, column: 1)

    /// Nil for an empty file, and after a problem was added.
    private static func root(in bytes: [UInt8], log: ProblemLog) -> Node? {
        guard let text = SourceText.decode(bytes, log: log) else { return nil }
        do {
            if let (position, message) = try AliasGuard.danger(in: text) {
                log.add(.malformed, at: position, message)
                return nil
            }
            // Without the resolver's regular expressions: what a scalar means is decided by the key that holds it.
            guard let root = try Yams.compose(yaml: text, .basic), !root.isNothing else { return nil }
            return root
        } catch let error as YamlError {
            report(error, text: text, log: log)
        } catch {
            log.add(.malformed, at: start, "the file is not YAML")
        }
        return nil
    }

    private static func report(_ error: YamlError, text: String, log: ProblemLog) {
        switch error {
        case .scanner(let context, let problem, let mark, _), .parser(let context, let problem, let mark, _),
            .composer(let context, let problem, let mark, _):
            let position = SourcePosition(line: mark.line, column: mark.column)
            var message = "not valid YAML: \(problem)"
            if problem == "but found another document" {
                message = "expected one YAML document, found a second one"
            } else if let context, context.text != "while scanning for the next token" {
                message += ", \(context.text)"
                if context.mark.line != mark.line { message += " that begins in line \(context.mark.line)" }
            }
            if scalar(of: text, at: position) == "\t" { message += "; a tab cannot indent, use spaces" }
            log.add(.malformed, at: position, message)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.min() ?? ""
            let first = SourcePosition(line: context.mark.line, column: context.mark.column)
            let second = DuplicateKey.second(key, after: first, in: text) ?? first
            log.add(.duplicateKey, at: second, "\(key) is given twice, first in line \(first.line): remove one")
        default:
            log.add(.malformed, at: SourcePosition(line: 1, column: 1), "the file is not YAML")
        }
    }

    private static func scalar(of text: String, at position: SourcePosition) -> Unicode.Scalar? {
        let lines = text.unicodeScalars.split(
            separator: "\n", maxSplits: position.line, omittingEmptySubsequences: false)
        guard position.line >= 1, lines.count >= position.line else { return nil }
        return lines[position.line - 1].dropFirst(max(0, position.column - 1)).first
    }
}
