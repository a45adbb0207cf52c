import Glibc
import NIOCore

/// The system's own words for an error number.
///
/// Owns nothing.
enum SystemError {
    static func text(_ error: IOError) -> String {
        unsafe String(cString: strerror(error.errnoCode)).lowercased()
    }
}
