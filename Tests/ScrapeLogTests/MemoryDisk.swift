import Glibc
import Synchronization

@testable import ScrapeLog

/// A disk in memory that can fill up, fail, turn read-only and lose power: the tests' place for the operating system's
/// files. Whoever opens a log with it does so in `MemoryDisk.run`.
///
/// After a power loss there is of every file what was there at its last synchronization, and of what was written since all,
/// nothing, a part or pieces; of every directory likewise. That is more forgetful than any real file system.
final class MemoryDisk: FileCalls {
    enum Call: Hashable, CaseIterable {
        case open, create, createDirectory, read, write, truncate, synchronize, rename, remove
    }

    private let state: Mutex<DiskState>

    init(_ state: DiskState = DiskState()) { self.state = Mutex(state) }

    /// Logs that are opened in here are on this disk.
    func run<Result>(_ body: () throws -> Result) rethrows -> Result {
        try LogDirectory.$calls.withValue(self) { try body() }
    }

    // MARK: Faults

    /// These calls fail from now on, with an error number; nothing else does.
    func fail(_ calls: Set<Call>, with code: Int32) {
        state.withLock { $0.failing = Dictionary(uniqueKeysWithValues: calls.map { ($0, code) }) }
    }

    func work() { state.withLock { $0.failing = [:] } }

    /// Bytes of files that fit; nil for no end.
    var capacity: Int? {
        get { state.withLock { $0.capacity } }
        set { state.withLock { $0.capacity = newValue } }
    }

    /// Bytes of files that have a name.
    var used: Int { state.withLock { $0.used } }

    /// Calls that change anything, so far.
    var changes: Int { state.withLock { $0.changes } }

    /// The power goes with so many more changes: what comes after fails and does nothing.
    func losePower(afterChanges count: Int) { state.withLock { $0.changesLeft = count } }

    var hasPower: Bool { state.withLock { $0.hasPower } }

    // MARK: Lives

    /// The disk as the next process finds it after this one was killed.
    func afterKill() -> MemoryDisk { MemoryDisk(state.withLock { $0.afterKill() }) }

    /// The disk as it is found after a power loss.
    func afterPowerLoss(_ random: inout some RandomNumberGenerator) -> MemoryDisk {
        let before = state.withLock { $0 }
        return MemoryDisk(before.afterPowerLoss(&random))
    }

    /// The disk as somebody would bring it back from a copy or a snapshot made now: on the same start of the machine or the
    /// next, by writing files anew or by turning the disk itself back.
    func broughtBack(isCopied: Bool, isRebooted: Bool) -> MemoryDisk {
        MemoryDisk(state.withLock { $0.broughtBack(isCopied: isCopied, isRebooted: isRebooted) })
    }

    // MARK: Files

    func names(in path: String) -> [String] {
        state.withLock { state in state.find(path).map { Array(state.nodes[$0].entries.keys).sorted() } ?? [] }
    }

    func bytes(_ path: String) -> [UInt8]? {
        state.withLock { state in state.find(path).map { state.nodes[$0].content } }
    }

    /// Puts a file there, durably, with its directories.
    func put(_ bytes: [UInt8], at path: String) { state.withLock { $0.put(bytes, at: path) } }

    func delete(_ path: String) {
        state.withLock { state in
            guard let slash = path.lastIndex(of: "/"), let parent = state.find(String(path[..<slash])) else { return }
            state.nodes[parent].entries[String(path[path.index(after: slash)...])] = nil
            state.nodes[parent].durableEntries = state.nodes[parent].entries
        }
    }

    // MARK: FileCalls

    var boot: String { state.withLock { "boot-\($0.boot)" } }

    func exists(_ path: String) -> Bool { state.withLock { $0.find(path) != nil } }

    func createDirectory(_ name: String, in directory: Int32?) -> Int32 {
        state.withLock { $0.create(name, in: directory, isDirectory: true) }
    }

    func open(_ name: String, in directory: Int32?, flags: Int32) -> Int32 {
        state.withLock { $0.open(name, in: directory, flags: flags) }
    }

    func close(_ handle: Int32) {
        state.withLock { state in
            guard let node = state.handles.removeValue(forKey: handle) else { return }
            if state.nodes[node].lockedBy == handle { state.nodes[node].lockedBy = nil }
        }
    }

    func lock(_ handle: Int32) -> Int32 {
        state.withLock { state in
            guard let node = state.handles[handle] else { return -EBADF }
            guard state.nodes[node].lockedBy == nil else { return -EWOULDBLOCK }
            state.nodes[node].lockedBy = handle
            return 0
        }
    }

    func status(_ handle: Int32, _ status: inout FileStatus) -> Int32 {
        let node = state.withLock { state in state.handles[handle].map { state.nodes[$0] } }
        guard let node else { return -EBADF }
        status = FileStatus(
            length: UInt64(node.content.count), modified: node.changed, changed: node.changed,
            isFile: !node.isDirectory)
        return 0
    }

    func write(_ handle: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
        let copy = Array(bytes)
        return state.withLock { $0.write(handle, copy, at: Int(clamping: offset)) }
    }

    func read(_ handle: Int32, _ bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int {
        let (code, content) = state.withLock { state -> (Int32, ArraySlice<UInt8>) in
            guard let node = state.handles[handle] else { return (-EBADF, []) }
            if let code = state.failing[.read] { return (-code, []) }
            return (0, state.nodes[node].content.dropFirst(Int(clamping: offset)).prefix(bytes.count))
        }
        guard code == 0 else { return Int(code) }
        bytes.copyBytes(from: content)
        return content.count
    }

    func truncate(_ handle: Int32, to length: UInt64) -> Int32 {
        state.withLock { $0.truncate(handle, to: Int(clamping: length)) }
    }

    func synchronize(_ handle: Int32, dataOnly: Bool) -> Int32 { state.withLock { $0.synchronize(handle) } }

    func rename(_ name: String, to other: String, in directory: Int32) -> Int32 {
        state.withLock { $0.rename(name, to: other, in: directory) }
    }

    func remove(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
        state.withLock { $0.remove(name, in: directory, isDirectory: isDirectory) }
    }

    func names(in directory: Int32, _ names: inout [String]) -> Int32 {
        let found = state.withLock { state in state.handles[directory].map { Array(state.nodes[$0].entries.keys) } }
        guard let found else { return -EBADF }
        names += found
        return 0
    }
}
