/// A text that may be a secret: written down in the settings, or in a file that is read again whenever it changes.
package enum SecretText: Sendable, Hashable {
    case text(Secret)
    /// An absolute path.
    case file(String)

    /// The longest file that is read, bytes.
    private static let maximumBytes = 64 << 10

    /// The text now; of a file without white space at both ends, as Prometheus reads it.
    ///
    /// - Throws: `SettingsError` naming the file that cannot be read.
    package func read() throws(SettingsError) -> Secret {
        switch self {
        case .text(let secret): return secret
        case .file(let path):
            do {
                let bytes = try SourceFile.read(path, limit: Self.maximumBytes, cure: "write it, or correct the path")
                return Secret(Self.trimmed(String(decoding: bytes, as: UTF8.self)))
            } catch {
                throw SettingsError(code: .unusableFile, file: path, message: error.message)
            }
        }
    }

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
        guard let end = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(scalars[...end])
    }

    /// The value of `key`, or of the file that `key_file` names; both together are a problem.
    static func read(_ key: String, _ reader: MappingReader) -> SecretText? {
        let text = reader.string(key)
        let file = reader.string(key + "_file", expected: "the path of a file")
        if text.map({ !$0.value.isEmpty }) ?? false, let file, !file.value.isEmpty {
            reader.log.add(
                .conflict, at: file.key, "\(key)_file: \(key) is given too: expected one of the two")
        }
        if let file, !file.value.isEmpty {
            return .file(ReferencedFile.path(file, key: key + "_file", holding: .password, log: reader.log))
        }
        guard let text, !text.value.isEmpty else { return nil }
        if text.value.utf8.contains(where: { $0 < 0x20 || $0 == 0x7F }) {
            reader.log.add(.invalidValue, at: text.position, "\(key): expected a text without control characters")
        }
        return .text(Secret(text.value))
    }
}
