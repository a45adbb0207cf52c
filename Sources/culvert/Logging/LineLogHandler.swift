import Glibc
import Logging

/// Writes one line per event to standard error. Whatever a peer, a target or a file put into a field stays inside its
/// field: control and bidirectional characters are escaped and fields are cut at 256 bytes.
struct LineLogHandler: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.info
    private let format: LogFormat

    private static let maximumField = 256

    init(format: LogFormat) {
        self.format = format
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var fields: [(String, String)] = [
            ("time", Self.time()), ("level", Self.name(event.level)), ("msg", event.message.description),
        ]
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in all.sorted(by: { $0.key < $1.key }) {
            fields.append((key, Self.cut(value.description)))
        }
        var line = format == .json ? Self.json(fields) : Self.logfmt(fields)
        line += "\n"
        // One write per line: lines of several threads do not mix.
        let bytes = Array(line.utf8)
        _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }

    private static func name(_ level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "debug"
        case .info, .notice: "info"
        case .warning: "warn"
        case .error, .critical: "error"
        }
    }

    private static func time() -> String {
        let now = Clock.microseconds()
        var seconds = time_t(now / 1_000_000)
        var parts = tm()
        gmtime_r(&seconds, &parts)
        var buffer = [CChar](repeating: 0, count: 32)
        strftime(&buffer, buffer.count, "%Y-%m-%dT%H:%M:%S", &parts)
        let milliseconds = String(now / 1000 % 1000)
        let date = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return date + "." + String(repeating: "0", count: 3 - milliseconds.utf8.count) + milliseconds + "Z"
    }

    private static func cut(_ text: String) -> String {
        guard text.utf8.count > maximumField else { return text }
        var kept = text
        while kept.utf8.count > maximumField - 3 { kept.removeLast() }
        return kept + "..."
    }

    private static func logfmt(_ fields: [(String, String)]) -> String {
        fields.map { key, value in
            let isPlain =
                !value.isEmpty
                && value.unicodeScalars.allSatisfy {
                    $0.value > 0x20 && $0.value < 0x7F && $0 != "\"" && $0 != "=" && $0 != "\\"
                }
            return isPlain ? "\(key)=\(value)" : "\(key)=\"\(escape(value))\""
        }.joined(separator: " ")
    }

    private static func json(_ fields: [(String, String)]) -> String {
        "{" + fields.map { "\"\(escape($0))\":\"\(escape($1))\"" }.joined(separator: ",") + "}"
    }

    /// Valid inside a JSON string, and on one line on any terminal.
    private static func escape(_ text: String) -> String {
        var output = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\":
                output += "\\"
                output.unicodeScalars.append(scalar)
            case "\n": output += "\\n"
            case "\r": output += "\\r"
            case "\t": output += "\\t"
            default:
                if isHarmless(scalar) {
                    output.unicodeScalars.append(scalar)
                } else {
                    let digits = String(scalar.value, radix: 16)
                    output += "\\u" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
                }
            }
        }
        return output
    }

    /// Not a control character, and none that changes the direction of what follows.
    private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200B...0x200F, 0x2028...0x202E, 0x2060...0x2069, 0xFEFF: false
        default: true
        }
    }
}
