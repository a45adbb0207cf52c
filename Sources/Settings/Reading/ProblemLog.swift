/// The problems of one file while it is read, and the bound on how much of it is looked at.
///
/// It owns the budget that keeps a small file from growing without end through YAML's aliases: each node costs one each
/// time it is visited, and reading stops, with a problem, when the budget is used up.
final class ProblemLog {
    /// The file as the user named it.
    let file: String
    /// The directory of the file, absolute: what relative paths in it are relative to.
    let directory: String
    private(set) var problems: [SettingsError] = []
    /// What is right, and yet to be known: a line each, with its place.
    private(set) var notices: [String] = []
    private var budget: Int

    init(file: String, budget: Int = 1_000_000) {
        self.file = file
        self.directory = FilePath.directory(of: file)
        self.budget = budget
    }

    /// Adds a problem; whatever the file smuggled into the sentence stays on one line.
    func add(_ code: SettingsError.Code, at position: SourcePosition, _ message: String) {
        let line = Quotation.escape(message)
        add(SettingsError(code: code, file: file, line: position.line, column: position.column, message: line))
    }

    func add(_ problem: SettingsError) {
        // The same node can be reached twice through an alias; its problem is told once.
        guard !isFull, !problems.contains(problem) else { return }
        problems.append(problem)
    }

    /// Tells of something that is no problem.
    func note(_ sentence: String, at position: SourcePosition) {
        let line = "\(file):\(position.line): \(Quotation.escape(sentence))"
        guard notices.count < SettingsProblems.limit, !notices.contains(line) else { return }
        notices.append(line)
    }

    /// Takes over what is to be said of another file, which `key` names here.
    func take(_ inner: ProblemLog, key: String, at position: SourcePosition) {
        for problem in inner.problems {
            if problem.code == .unreadable {
                add(.unusableFile, at: position, "\(key): \(inner.file): \(problem.message)")
            } else {
                add(problem)
            }
        }
        for notice in inner.notices where notices.count < SettingsProblems.limit { notices.append(notice) }
    }

    /// Whether no further problem will be told.
    var isFull: Bool { problems.count >= SettingsProblems.limit }

    /// Pays for visiting `count` nodes; `false` when there is nothing left to pay with.
    func spend(_ count: Int, at position: SourcePosition) -> Bool {
        guard budget >= count else {
            if budget >= 0 {
                add(
                    .malformed, at: position,
                    "the file grows too large when its aliases are followed: write less of it with aliases")
            }
            budget = -1
            return false
        }
        budget -= count
        return true
    }

    /// What was read, or everything that is wrong with it.
    func result<Value>(_ value: Value?) throws(SettingsProblems) -> Value {
        if let value, problems.isEmpty { return value }
        if problems.isEmpty { add(.malformed, at: .wholeFile, "the file cannot be read") }
        throw SettingsProblems(
            problems.enumerated().sorted {
                // Problems of other files (web.yml) come after those of this one.
                let left = ($0.element.file == file ? 0 : 1, $0.element.line, $0.element.column, $0.offset)
                let right = ($1.element.file == file ? 0 : 1, $1.element.line, $1.element.column, $1.offset)
                return left < right
            }.map(\.element))
    }
}
