import Glibc

/// What went wrong in a log: a closed code for programs, a sentence for people, and who is to blame.
package struct ScrapeLogError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kinds of failures.
    package enum Code: Sendable, Hashable, CaseIterable {
        /// The operating system refused or failed an operation on a file.
        case io
        /// The process has no descriptors or memory left for an operation, which says nothing about the file.
        case unavailable
        /// No room: disk, quota, file size limit, or a limit on the number of pieces.
        case full
        /// Another process owns the directory.
        case locked
        /// Bytes that are no record of this log: damaged, torn, or from somewhere else.
        case corrupt
        /// Good records, but of another epoch than expected.
        case foreign
        /// A format version this release does not read.
        case unsupported
        /// The range was dropped, or never was here.
        case notHeld
        /// An argument or a configured value that makes no sense.
        case invalid
    }

    package var code: Code
    /// What happened and what was expected, one sentence without a full stop.
    package var message: String
    /// The path, or the position in the log, that is to blame.
    package var culprit: String?

    package init(code: Code, message: String, culprit: String? = nil) {
        self.code = code
        self.message = message
        self.culprit = culprit
    }

    /// Says nothing about the bytes that were to be read or written: the next try may do.
    package var isOfStorage: Bool { code == .io || code == .unavailable || code == .full }

    package var description: String {
        guard let culprit else { return message }
        return "\(culprit): \(message)"
    }

    /// The error for a failed system call: `action` says what was tried ("write", "create the file").
    static func system(_ action: String, path: String, errno code: Int32) -> ScrapeLogError {
        let reason = unsafe String(cString: strerror(code))
        let isFull = code == ENOSPC || code == EDQUOT || code == EFBIG
        let isExhausted = code == EMFILE || code == ENFILE || code == ENOMEM
        return ScrapeLogError(
            code: isFull ? .full : isExhausted ? .unavailable : .io, message: "cannot \(action): \(reason)",
            culprit: path)
    }

    /// The error for bytes that are no good record at `offset` of `epoch`.
    static func corrupt(_ message: String, epoch: UInt64, offset: UInt64) -> ScrapeLogError {
        ScrapeLogError(code: .corrupt, message: message, culprit: position(epoch: epoch, offset: offset))
    }

    /// How a position is written in messages.
    static func position(epoch: UInt64, offset: UInt64) -> String {
        "epoch \(hexadecimal(epoch)) offset \(offset)"
    }
}

/// Sixteen lower-case digits, as in file names and messages.
package func hexadecimal(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.utf8.count) + digits
}
