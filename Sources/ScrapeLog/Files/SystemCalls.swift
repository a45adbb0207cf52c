import Glibc
import NIOCore

/// The operating system's files. Calls that a signal interrupts are made again.
struct SystemCalls: FileCalls {
    var boot: String {
        let handle = unsafe Glibc.open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC)
        guard handle >= 0 else { return "" }
        defer { close(handle) }
        var text = ByteBuffer()
        _ = unsafe text.writeWithUnsafeMutableBytes(minimumWritableBytes: 64) { bytes in
            unsafe max(0, read(handle, UnsafeMutableRawBufferPointer(rebasing: bytes.prefix(64)), at: 0))
        }
        return String(String(buffer: text).prefix { $0.isHexDigit || $0 == "-" })
    }

    func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

    func createDirectory(_ name: String, in directory: Int32?) -> Int32 {
        result { unsafe mkdirat(directory ?? AT_FDCWD, name, 0o700) }
    }

    func open(_ name: String, in directory: Int32?, flags: Int32) -> Int32 {
        // O_NONBLOCK: a named pipe planted under the name must not hang us.
        let safe = directory == nil ? O_CLOEXEC : O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK
        return result { unsafe openat(directory ?? AT_FDCWD, name, flags | safe, 0o600) }
    }

    func close(_ handle: Int32) { _ = Glibc.close(handle) }

    func lock(_ handle: Int32) -> Int32 { result { flock(handle, LOCK_EX | LOCK_NB) } }

    func status(_ handle: Int32, _ status: inout FileStatus) -> Int32 {
        var found = stat()
        let code = result { unsafe fstat(handle, &found) }
        guard code == 0 else { return code }
        status.length = UInt64(clamping: found.st_size)
        status.modified = Int64(found.st_mtim.tv_sec) &* 1000 &+ Int64(found.st_mtim.tv_nsec) / 1_000_000
        status.changed = Int64(found.st_ctim.tv_sec) &* 1_000_000_000 &+ Int64(found.st_ctim.tv_nsec)
        status.isFile = found.st_mode & S_IFMT == S_IFREG
        return 0
    }

    func write(_ handle: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
        result { unsafe pwrite(handle, bytes.baseAddress, bytes.count, off_t(truncatingIfNeeded: offset)) }
    }

    func read(_ handle: Int32, _ bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        result { unsafe pread(handle, bytes.baseAddress, bytes.count, off_t(truncatingIfNeeded: offset)) }
    }

    func truncate(_ handle: Int32, to length: UInt64) -> Int32 {
        result { ftruncate(handle, off_t(truncatingIfNeeded: length)) }
    }

    func synchronize(_ handle: Int32, dataOnly: Bool) -> Int32 {
        let code = result { dataOnly ? fdatasync(handle) : fsync(handle) }
        // Some file systems have nothing to synchronize of a directory, and say so.
        return code == -EINVAL && !dataOnly ? 0 : code
    }

    func rename(_ name: String, to other: String, in directory: Int32) -> Int32 {
        result { unsafe renameat(directory, name, directory, other) }
    }

    func remove(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
        result { unsafe unlinkat(directory, name, isDirectory ? AT_REMOVEDIR : 0) }
    }

    func names(in directory: Int32, _ names: inout [String]) -> Int32 {
        let copy = open(".", in: directory, flags: O_RDONLY | O_DIRECTORY)
        guard copy >= 0 else { return copy }
        guard let stream = unsafe fdopendir(copy) else {
            let code = errno
            close(copy)
            return -code
        }
        defer { unsafe closedir(stream) }
        while true {
            errno = 0
            guard let entry = unsafe readdir(stream) else { return -errno }
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name { names.append(name) }
        }
    }

    /// What a call says, or the negative of why it failed.
    private func result<Number: FixedWidthInteger & SignedInteger>(_ call: () -> Number) -> Number {
        while true {
            let number = call()
            if number >= 0 { return number }
            let code = errno
            if code != EINTR { return -Number(code) }
        }
    }
}
