/// The calls into the operating system through which a log touches its files, so that a test can put a disk in its place
/// that fails, fills up, or forgets what was not synchronized.
///
/// Results are as the kernel gives them: 0, a count or a handle, or a negative error number. A handle means something to
/// whoever gave it; names are relative to a directory's handle, or to the process without one.
protocol FileCalls: Sendable {
    /// Which start of the machine this is; empty when nobody knows.
    var boot: String { get }

    func exists(_ path: String) -> Bool
    func createDirectory(_ name: String, in directory: Int32?) -> Int32
    /// Flags as for open(2); symbolic links are never followed below a directory's handle.
    func open(_ name: String, in directory: Int32?, flags: Int32) -> Int32
    func close(_ handle: Int32)
    /// Takes an exclusive lock without waiting.
    func lock(_ handle: Int32) -> Int32
    func status(_ handle: Int32, _ status: inout FileStatus) -> Int32
    /// May take or give fewer bytes than asked for.
    func write(_ handle: Int32, _ bytes: UnsafeRawBufferPointer, at offset: UInt64) -> Int
    func read(_ handle: Int32, _ bytes: UnsafeMutableRawBufferPointer, at offset: UInt64) -> Int
    func truncate(_ handle: Int32, to length: UInt64) -> Int32
    func synchronize(_ handle: Int32, dataOnly: Bool) -> Int32
    func rename(_ name: String, to other: String, in directory: Int32) -> Int32
    func remove(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32
    func names(in directory: Int32, _ names: inout [String]) -> Int32
}

/// What is known of an open file.
struct FileStatus: Sendable, Hashable {
    /// Bytes.
    var length: UInt64 = 0
    /// When it was last written, milliseconds since the Unix epoch.
    var modified: Int64 = 0
    /// When anything about it last changed, nanoseconds since the Unix epoch; nobody can set it back.
    var changed: Int64 = 0
    /// Whether it is a plain file.
    var isFile = false
}
