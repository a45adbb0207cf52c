import Glibc
import NIOCore

/// Exclusive ownership of a log directory, held by an open `lock` file until this object goes.
///
/// The kernel gives the lock up when the process ends, however it ends; the number in the file is only for messages.
package final class DirectoryLock: Sendable {
    private let file: Descriptor
    /// When anything about the `lock` file had last changed before it was locked, nanoseconds since the Unix epoch.
    let changedBefore: Int64

    /// Locks the directory at a path, creating it when it is missing; `.locked` names the process that has it.
    package convenience init(directory path: String) throws(ScrapeLogError) {
        try self.init(LogDirectory(creating: path))
    }

    init(_ directory: LogDirectory) throws(ScrapeLogError) {
        file = try directory.open("lock", O_RDWR | O_CREAT, "create the lock file")
        let code = file.calls.lock(file.handle)
        guard code == 0 else {
            guard code == -EWOULDBLOCK else { throw .system("lock", path: file.path, errno: -code) }
            var bytes = ByteBuffer()
            _ = try? file.read(at: 0, maximum: 20, into: &bytes)
            let owner = Int32(String(buffer: bytes).prefix { $0.isNumber }).map { "process \($0)" } ?? "another process"
            throw ScrapeLogError(
                code: .locked, message: "\(owner) uses this directory; each agent and collector needs its own",
                culprit: directory.path)
        }
        changedBefore = try file.status().changed
        // Only for the message above, so a full disk must not get in the way.
        try? file.truncate(to: 0)
        try? file.write(ByteBuffer(string: "\(getpid())\n"), at: 0)
    }

    /// When anything about the `lock` file last changed, nanoseconds since the Unix epoch; nil when the disk does not say.
    var changed: Int64? { try? file.status().changed }
}
