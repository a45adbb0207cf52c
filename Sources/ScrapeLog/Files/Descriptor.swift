import Glibc
import NIOCore

/// An open file or directory, closed when the last reference goes.
///
/// Reads and writes at given offsets, so that it can be shared with a thread that synchronizes it.
final class Descriptor: Sendable {
    let raw: Int32
    /// For messages only.
    let path: String

    init(adopting raw: Int32, path: String) {
        self.raw = raw
        self.path = path
    }

    deinit { _ = Glibc.close(raw) }

    /// Writes everything, or throws; after an error the file may hold a part of it.
    func write(_ bytes: ByteBuffer, at offset: UInt64) throws(ScrapeLogError) {
        let failure: Int32 = unsafe bytes.withUnsafeReadableBytes { source in
            var done = 0
            while done < source.count {
                let start = off_t(truncatingIfNeeded: offset) + off_t(done)
                let rest = unsafe UnsafeRawBufferPointer(rebasing: source[done...])
                let written = unsafe Glibc.pwrite(raw, rest.baseAddress, rest.count, start)
                if written > 0 {
                    done += written
                } else if written == 0 {
                    return EIO
                } else if errno != EINTR {
                    return errno
                }
            }
            return 0
        }
        guard failure == 0 else { throw .system("write", path: path, errno: failure) }
    }

    /// Appends up to `maximum` bytes from `offset` on to `buffer`; 0 at the end of the file.
    func read(at offset: UInt64, maximum: Int, into buffer: inout ByteBuffer) throws(ScrapeLogError) -> Int {
        guard maximum > 0 else { return 0 }
        var failure: Int32 = 0
        let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: maximum) { target in
            while true {
                let start = off_t(truncatingIfNeeded: offset)
                let count = unsafe Glibc.pread(raw, target.baseAddress, min(maximum, target.count), start)
                if count >= 0 { return count }
                if errno != EINTR {
                    failure = errno
                    return 0
                }
            }
        }
        guard failure == 0 else { throw .system("read", path: path, errno: failure) }
        return count
    }

    func truncate(to length: UInt64) throws(ScrapeLogError) {
        while Glibc.ftruncate(raw, off_t(truncatingIfNeeded: length)) != 0 {
            if errno != EINTR { throw .system("cut the file", path: path, errno: errno) }
        }
    }

    /// Blocks until what was written is on the disk.
    func synchronize(dataOnly: Bool) throws(ScrapeLogError) {
        while (dataOnly ? fdatasync(raw) : fsync(raw)) != 0 {
            if errno != EINTR { throw .system("synchronize", path: path, errno: errno) }
        }
    }

    /// Bytes of the file, when it was last written (milliseconds since the Unix epoch), and whether it is a plain file.
    func status() throws(ScrapeLogError) -> (length: UInt64, modified: Int64, isFile: Bool) {
        var status = stat()
        guard unsafe fstat(raw, &status) == 0 else { throw .system("inspect", path: path, errno: errno) }
        let modified = Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000
        return (UInt64(clamping: status.st_size), modified, status.st_mode & S_IFMT == S_IFREG)
    }
}
