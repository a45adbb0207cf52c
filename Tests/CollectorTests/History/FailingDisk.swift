import Glibc
import Synchronization

@testable import ScrapeLog

/// The system's files, whose reading fails for a while.
final class FailingDisk: FileCalls {
    private let system = SystemCalls()
    /// How many reads succeed before all fail; nil when none fails.
    private let left = Mutex<Int?>(nil)

    /// What `open` opens is on this disk.
    func run<Result>(_ open: () throws -> Result) rethrows -> Result {
        try LogDirectory.$calls.withValue(self) { try open() }
    }

    func fail(after reads: Int?) { left.withLock { $0 = reads } }

    var boot: String { system.boot }
    func exists(_ path: String) -> Bool { system.exists(path) }
    func createDirectory(_ name: String, in directory: Int32?) -> Int32 {
        system.createDirectory(name, in: directory)
    }
    func open(_ name: String, in directory: Int32?, flags: Int32) -> Int32 {
        system.open(name, in: directory, flags: flags)
    }
    func close(_ handle: Int32) { system.close(handle) }
    func lock(_ handle: Int32) -> Int32 { system.lock(handle) }
    func status(_ handle: Int32, _ status: inout FileStatus) -> Int32 { system.status(handle, &status) }
    func write(_ handle: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
        system.write(handle, bytes, at: offset)
    }
    func read(_ handle: Int32, _ bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        let fails = left.withLock { left in
            guard let count = left else { return false }
            left = max(0, count - 1)
            return count == 0
        }
        return fails ? -Int(EIO) : system.read(handle, bytes, at: offset)
    }
    func truncate(_ handle: Int32, to length: UInt64) -> Int32 { system.truncate(handle, to: length) }
    func synchronize(_ handle: Int32, dataOnly: Bool) -> Int32 { system.synchronize(handle, dataOnly: dataOnly) }
    func rename(_ name: String, to other: String, in directory: Int32) -> Int32 {
        system.rename(name, to: other, in: directory)
    }
    func remove(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
        system.remove(name, in: directory, isDirectory: isDirectory)
    }
    func names(in directory: Int32, _ names: inout [String]) -> Int32 { system.names(in: directory, &names) }
}
