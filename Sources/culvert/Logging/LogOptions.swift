import ArgumentParser
import Logging

/// The flags about logging that agent and collector share.
struct LogOptions: ParsableArguments {
    @Option(name: .customLong("log-format"), help: "How log lines are written to standard error: logfmt or json.")
    var format = LogFormat.logfmt

    @Option(name: .customLong("log-level"), help: "The least severe level that is logged: debug, info, warn or error.")
    var level = LogLevel.info

    /// A logger of that format and level.
    func makeLogger() -> Logger {
        var logger = Logger(label: "culvert") { [format] _ in LineLogHandler(format: format) }
        logger.logLevel = level.level
        return logger
    }
}

/// Prometheus' names for log levels.
enum LogLevel: String, ExpressibleByArgument, CaseIterable {
    case debug, info, warn, error

    var level: Logger.Level {
        switch self {
        case .debug: .debug
        case .info: .info
        case .warn: .warning
        case .error: .error
        }
    }
}
