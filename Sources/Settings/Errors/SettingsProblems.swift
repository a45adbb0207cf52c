/// Everything wrong with a settings file: at least one problem, in the order of the file.
package struct SettingsProblems: Error, Sendable, Hashable {
    /// The problems, sorted by position, never empty.
    package var problems: [SettingsError]

    /// The most problems that are reported of one file.
    package static let limit = 50

    /// These problems.
    package init(_ problems: [SettingsError]) {
        self.problems = problems
    }
}

extension SettingsProblems: CustomStringConvertible {
    /// One line for each problem.
    package var description: String {
        problems.map(\.description).joined(separator: "\n")
    }
}
