import Glibc

/// The directory of cursor files, one per reader, named like it. Every call blocks. Owns nothing between calls.
struct CursorFiles: Sendable {
    let path: String
    private static let suffix = ".new"

    /// The file of a reader; nil when there is none, `.some(nil)` when it cannot be read or is not UTF-8.
    func read(_ name: String) -> String?? {
        let descriptor = unsafe open("\(path)/\(name)", O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return errno == ENOENT ? nil : .some(nil) }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while bytes.count <= CursorText.maximumBytes {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return .some(String(validating: bytes, as: UTF8.self)) }
            if count < 0 {
                if errno == EINTR { continue }
                return .some(nil)
            }
            bytes.append(contentsOf: chunk[..<count])
        }
        return .some(nil)
    }

    /// Puts a file in the place of the one before, as a whole or not at all, on the disk when this returns.
    ///
    /// - Throws: ``CursorFileError``.
    func write(_ bytes: [UInt8], for name: String) throws(CursorFileError) {
        if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw CursorFileError(action: "make", path: path) }
        let file = "\(path)/\(name)"
        let fresh = file + Self.suffix
        let descriptor = unsafe open(fresh, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw CursorFileError(action: "write", path: fresh) }
        do {
            try Self.write(bytes, to: descriptor, fresh)
        } catch {
            close(descriptor)
            unsafe unlink(fresh)
            throw error
        }
        close(descriptor)
        guard unsafe rename(fresh, file) == 0 else {
            let error = CursorFileError(action: "rename", path: fresh)
            unsafe unlink(fresh)
            throw error
        }
        let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard directory >= 0 else { return }
        fsync(directory)
        close(directory)
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt, _ path: String) throws(CursorFileError) {
        var written = 0
        while written < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { bytes in
                unsafe Glibc.write(descriptor, bytes.baseAddress.map { unsafe $0 + written }, bytes.count - written)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw CursorFileError(action: "write", path: path) }
            written += count
        }
        guard fsync(descriptor) == 0 else { throw CursorFileError(action: "sync", path: path) }
    }

    /// Removes the files of readers that are not among these, and what a crash left half written.
    func keepOnly(_ names: Set<String>) {
        guard let directory = unsafe opendir(path) else { return }
        defer { unsafe closedir(directory) }
        while let entry = unsafe readdir(directory) {
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
            }
            guard name != ".", name != "..", !names.contains(name) else { continue }
            unsafe unlink("\(path)/\(name)")
        }
    }
}

/// What the system said when a cursor file could not be kept.
struct CursorFileError: Error, CustomStringConvertible {
    let description: String

    /// Of the last system call.
    init(action: String, path: String) {
        let code = errno
        description = unsafe "cannot \(action) \(path): \(String(cString: strerror(code)))"
    }
}
