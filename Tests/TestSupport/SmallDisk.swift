import Foundation

/// A mounted tmpfs of a few kilobytes, unmounted with this object. Only for root.
package final class SmallDisk {
    package let path: String
    private let directory: TemporaryDirectory

    /// Whether this process may mount file systems.
    package static let isPossible = (try? SmallDisk(kibibytes: 64)) != nil

    package init(kibibytes: Int) throws {
        directory = try TemporaryDirectory()
        path = directory.path
        guard mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else { throw POSIXError(.EPERM) }
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    package func remount(readOnly: Bool) throws {
        let flags = UInt(MS_REMOUNT) | (readOnly ? UInt(MS_RDONLY) : 0)
        guard mount("tmpfs", path, "tmpfs", flags, nil) == 0 else { throw POSIXError(.EBUSY) }
    }

    package func resize(kibibytes: Int) throws {
        guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kibibytes)k") == 0 else {
            throw POSIXError(.EBUSY)
        }
    }
}
