/// One thing wrong with a settings file: what kind it is, where it stands, and a sentence that names what was found and
/// what was expected. It never holds a secret.
package struct SettingsError: Error, Sendable, Hashable {
    /// The kinds of problems.
    package enum Code: Sendable, Hashable {
        /// The file itself is missing, unreadable, no file, or too large.
        case unreadable
        /// The file is not UTF-8 or not YAML.
        case malformed
        /// A key that does not exist here.
        case unknownKey
        /// A key given twice.
        case duplicateKey
        /// A key that must be there and is not.
        case missingKey
        /// A list where a mapping belongs, and the like.
        case wrongType
        /// A value of the right type that makes no sense.
        case invalidValue
        /// Something of Prometheus that this version does not support.
        case unsupported
        /// Two settings that contradict each other.
        case conflict
        /// A file named in the settings is missing, unreadable or unsafe.
        case unusableFile
    }

    /// The kind of problem.
    package var code: Code
    /// The file, as the user named it.
    package var file: String
    /// The line, from 1; 0 when the file as a whole is meant.
    package var line: Int
    /// The column in Unicode scalars, from 1; 0 when the file as a whole is meant.
    package var column: Int
    /// What is wrong, in one line without the position.
    package var message: String

    /// A problem from all its parts; line and column 0 mean the file as a whole.
    package init(code: Code, file: String, line: Int = 0, column: Int = 0, message: String) {
        self.code = code
        self.file = file
        self.line = line
        self.column = column
        self.message = message
    }
}

extension SettingsError: CustomStringConvertible {
    /// `agent.yml:12:5: sentence`.
    package var description: String {
        line > 0 ? "\(file):\(line):\(column): \(message)" : "\(file): \(message)"
    }
}
