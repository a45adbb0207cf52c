import ArgumentParser
import Collector
import Glibc
import ScrapeLog
import Settings
import TLS

/// The program's exit codes, and which error leads to which.
enum ExitStatus {
    static let failure: Int32 = 1
    static let usage: Int32 = 2
    /// EX_CONFIG of sysexits.h.
    static let configuration: Int32 = 78

    /// Prints what is to be said about `error` and ends the process.
    static func exit(for error: any Error) -> Never {
        switch error {
        case let error as SettingsProblems:
            complain(error.problems.map(\.description))
            Glibc.exit(configuration)
        case let error as SettingsError:
            complain([error.description])
            Glibc.exit(configuration)
        case let error as TLSError:
            complain([error.sentence])
            // Certificates and keys are configuration; nothing else of TLS ends the process.
            Glibc.exit(configuration)
        case let error as ScrapeLogError:
            complain([error.description])
            Glibc.exit(failure)
        case let error as CollectorError:
            complain([error.description])
            Glibc.exit(failure)
        default: exitAsParsed(error)
        }
    }

    /// Errors of the argument parser, help and version among them, and everything else.
    private static func exitAsParsed(_ error: any Error) -> Never {
        let status = Culvert.exitCode(for: error)
        let text = Culvert.fullMessage(for: error)
        switch status {
        case .success:
            if !text.isEmpty { print(text) }
            Glibc.exit(0)
        case .validationFailure:
            complain([text])
            Glibc.exit(usage)
        default:
            // An explicit ExitCode has no text; anything else says what happened.
            if !text.isEmpty { complain([text]) }
            Glibc.exit(status.rawValue == 0 ? failure : status.rawValue)
        }
    }

    static func complain(_ lines: [String]) {
        for line in lines {
            let bytes = Array((line + "\n").utf8)
            _ = bytes.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
        }
    }
}

extension TLSError {
    /// One line: the file, what is wrong with it, and what to do.
    var sentence: String {
        var text = message
        if let culprit, !message.contains(culprit) { text = "\(culprit): \(message)" }
        if let cure, !cure.isEmpty { text += "; \(cure)" }
        return text
    }
}
