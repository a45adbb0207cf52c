import Glibc

/// The text of an errno.
enum SystemError {
    /// What the C library calls `code`, such as `No such file or directory`.
    static func text(_ code: Int32) -> String {
        guard let pointer = strerror(code) else { return "error \(code)" }
        return String(cString: pointer)
    }
}
