import Glibc
import NIOCore

/// An open file or directory, closed when the last reference goes.
///
/// Reads and writes at given offsets, so that it can be shared with a thread that synchronizes it.
final class Descriptor: Sendable {
    let calls: any FileCalls
    let handle: Int32
    /// For messages only.
    let path: String

    init(adopting handle: Int32, of calls: any FileCalls, path: String) {
        self.handle = handle
        self.calls = calls
        self.path = path
    }

    deinit { calls.close(handle) }

    /// Writes everything, or throws; after an error the file may hold a part of it.
    func write(_ bytes: ByteBuffer, at offset: UInt64) throws(ScrapeLogError) {
        if let failure = writeAsMuchAsPossible(bytes, at: offset).failure { throw failure }
    }

    /// Writes everything, or a part and says why not more.
    func writeAsMuchAsPossible(
        _ bytes: ByteBuffer, at offset: UInt64
    ) -> (written: Int, failure: ScrapeLogError?) {
        var done = 0
        let code: Int = unsafe bytes.withUnsafeReadableBytes { source in
            while done < source.count {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: source[done...])
                let written = unsafe calls.write(handle, rest, at: offset &+ UInt64(done))
                guard written > 0 else { return written == 0 ? -Int(EIO) : written }
                done += min(written, rest.count)
            }
            return 0
        }
        return (done, code == 0 ? nil : .system("write", path: path, errno: Int32(clamping: -code)))
    }

    /// Appends up to `maximum` bytes from `offset` on to `buffer`; 0 at the end of the file.
    func read(at offset: UInt64, maximum: Int, into buffer: inout ByteBuffer) throws(ScrapeLogError) -> Int {
        guard maximum > 0 else { return 0 }
        var failure = 0
        let count = unsafe buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: maximum) { target in
            let place = unsafe UnsafeMutableRawBufferPointer(rebasing: target.prefix(maximum))
            let count = unsafe calls.read(handle, place, at: offset)
            if count < 0 { failure = -count }
            return max(0, count)
        }
        guard failure == 0 else { throw .system("read", path: path, errno: Int32(clamping: failure)) }
        return count
    }

    func truncate(to length: UInt64) throws(ScrapeLogError) {
        let code = calls.truncate(handle, to: length)
        guard code == 0 else { throw .system("cut the file", path: path, errno: -code) }
    }

    /// Blocks until what was written is on the disk.
    func synchronize(dataOnly: Bool) throws(ScrapeLogError) {
        let code = calls.synchronize(handle, dataOnly: dataOnly)
        guard code == 0 else { throw .system("synchronize", path: path, errno: -code) }
    }

    func status() throws(ScrapeLogError) -> FileStatus {
        var status = FileStatus()
        let code = calls.status(handle, &status)
        guard code == 0 else { throw .system("inspect", path: path, errno: -code) }
        return status
    }
}
