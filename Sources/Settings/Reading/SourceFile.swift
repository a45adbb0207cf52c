import Glibc

/// The bytes of a small file, read once and never more than a limit.
enum SourceFile {
    /// What a settings file may measure at most: 16 MiB.
    static let limit = 16 << 20

    /// Why a file could not be read: a sentence without the file's name.
    struct Failure: Error {
        var message: String
    }

    /// All bytes of the regular file at `path`; `purpose` names it in the cure, such as `a configuration file`.
    static func read(_ path: String, limit: Int = limit, cure: String) throws(Failure) -> [UInt8] {
        guard !path.isEmpty, !path.utf8.contains(0) else { throw Failure(message: "not a path: \(cure)") }
        // Without O_NONBLOCK a named pipe would hold us here until somebody writes to it.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(message: sentence(errno, cure: cure)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Failure(message: sentence(errno, cure: cure)) }
        switch status.st_mode & S_IFMT {
        case S_IFREG: break
        case S_IFDIR: throw Failure(message: "is a directory: \(cure)")
        default: throw Failure(message: "is not a regular file: \(cure)")
        }
        if status.st_size > limit { throw Failure(message: tooLarge(limit)) }

        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let size = chunk.count
            let count = chunk.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, size) }
            if count == 0 { return bytes }
            if count < 0 {
                if errno == EINTR { continue }
                throw Failure(message: sentence(errno, cure: cure))
            }
            bytes += chunk[..<count]
            // The file may have grown since it was measured.
            if bytes.count > limit { throw Failure(message: tooLarge(limit)) }
        }
    }

    private static func tooLarge(_ limit: Int) -> String {
        "is larger than \(ByteSize.text(UInt64(limit))): expected a file written by hand"
    }

    /// The sentence for an errno, with what to do about it.
    static func sentence(_ code: Int32, cure: String) -> String {
        switch code {
        case ENOENT, ENOTDIR: "\(SystemError.text(code)): \(cure)"
        case EACCES, EPERM:
            "\(SystemError.text(code)): it must be readable by the user culvert runs as (uid \(geteuid()))"
        default: SystemError.text(code)
        }
    }
}
