import Glibc
import NIOCore

/// A directory of log files, reached through its descriptor, so that nothing is looked up by path twice.
///
/// Every name that comes here was made from numbers or is a constant; symbolic links are never followed. Files are created
/// with mode 0600, directories with 0700.
struct LogDirectory: Sendable {
    let descriptor: Descriptor
    var path: String { descriptor.path }

    /// Opens the directory at a path, creating it and its parents where they are missing.
    init(creating path: String) throws(ScrapeLogError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ScrapeLogError(code: .invalid, message: "not a path of a directory", culprit: path.debugDescription)
        }
        var index = path.startIndex
        while index < path.endIndex {
            let next = path[path.index(after: index)...].firstIndex(of: "/") ?? path.endIndex
            let prefix = String(path[..<next])
            if unsafe mkdir(prefix, 0o700) != 0 {
                let code = errno
                // EROFS and EACCES come before EEXIST on some file systems: what exists is good enough here.
                if code != EEXIST, unsafe access(prefix, F_OK) != 0 {
                    throw .system("create the directory", path: prefix, errno: code)
                }
            }
            index = next
        }
        let raw = unsafe Glibc.open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard raw >= 0 else { throw .system("open the directory", path: path, errno: errno) }
        descriptor = Descriptor(adopting: raw, path: path)
    }

    private init(descriptor: Descriptor) { self.descriptor = descriptor }

    /// Opens a directory inside this one; creates it first when `creating`.
    func subdirectory(_ name: String, creating: Bool = false) throws(ScrapeLogError) -> LogDirectory {
        if creating, unsafe mkdirat(descriptor.raw, name, 0o700) != 0, errno != EEXIST {
            throw .system("create the directory", path: "\(path)/\(name)", errno: errno)
        }
        let raw = unsafe openat(descriptor.raw, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard raw >= 0 else { throw .system("open the directory", path: "\(path)/\(name)", errno: errno) }
        return LogDirectory(descriptor: Descriptor(adopting: raw, path: "\(path)/\(name)"))
    }

    /// Creates a file that must not exist yet.
    func create(_ name: String) throws(ScrapeLogError) -> Descriptor {
        try open(name, O_RDWR | O_CREAT | O_EXCL, "create the file")
    }

    /// Opens a file for reading and writing, or only for reading when writing is not permitted.
    func open(_ name: String) throws(ScrapeLogError) -> Descriptor {
        do {
            return try open(name, O_RDWR, "open the file")
        } catch {
            return try open(name, O_RDONLY, "open the file")
        }
    }

    func open(_ name: String, _ flags: Int32, _ action: String) throws(ScrapeLogError) -> Descriptor {
        // O_NONBLOCK: a named pipe planted under the name must not hang us.
        let raw = unsafe openat(descriptor.raw, name, flags | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        guard raw >= 0 else { throw .system(action, path: "\(path)/\(name)", errno: errno) }
        let file = Descriptor(adopting: raw, path: "\(path)/\(name)")
        guard try file.status().isFile else {
            throw ScrapeLogError(code: .invalid, message: "not a plain file", culprit: file.path)
        }
        return file
    }

    /// Replaces a small file: written beside it, then renamed over it.
    func replace(_ name: String, with text: String, durably: Bool) throws(ScrapeLogError) {
        let temporary = name + ".new"
        let file = try open(temporary, O_RDWR | O_CREAT | O_TRUNC, "create the file")
        try file.write(ByteBuffer(string: text), at: 0)
        if durably { try file.synchronize(dataOnly: false) }
        try rename(temporary, to: name)
        if durably { try descriptor.synchronize(dataOnly: false) }
    }

    /// Tries whether files can be written here: writes, synchronizes and removes one of `bytes` bytes.
    func probe(bytes: Int) throws(ScrapeLogError) {
        let name = "probe"
        defer { try? remove(name) }
        try remove(name)
        let file = try create(name)
        try file.write(ByteBuffer(repeating: 0xC5, count: bytes), at: 0)
        try file.synchronize(dataOnly: true)
    }

    /// The text of a small file; nil when there is none, or when it is longer than `maximum` or no UTF-8.
    func text(of name: String, maximum: Int) -> String? {
        guard let file = try? open(name, O_RDONLY, "open the file") else { return nil }
        var bytes = ByteBuffer()
        while bytes.readableBytes <= maximum {
            let offset = UInt64(bytes.readableBytes)
            guard let count = try? file.read(at: offset, maximum: 65536, into: &bytes) else { return nil }
            if count == 0 { return String(validating: bytes.readableBytesView, as: UTF8.self) }
        }
        return nil
    }

    func remove(_ name: String) throws(ScrapeLogError) {
        guard unsafe unlinkat(descriptor.raw, name, 0) == 0 || errno == ENOENT else {
            throw .system("remove the file", path: "\(path)/\(name)", errno: errno)
        }
    }

    func removeDirectory(_ name: String) throws(ScrapeLogError) {
        guard unsafe unlinkat(descriptor.raw, name, AT_REMOVEDIR) == 0 || errno == ENOENT else {
            throw .system("remove the directory", path: "\(path)/\(name)", errno: errno)
        }
    }

    func rename(_ name: String, to other: String) throws(ScrapeLogError) {
        guard unsafe renameat(descriptor.raw, name, descriptor.raw, other) == 0 else {
            throw .system("rename the file", path: "\(path)/\(name)", errno: errno)
        }
    }

    /// The names in the directory, sorted; dot files are left out.
    func names() throws(ScrapeLogError) -> [String] {
        let copy = unsafe openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard copy >= 0, let stream = unsafe fdopendir(copy) else {
            throw .system("list the directory", path: path, errno: errno)
        }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if let name, !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }
}
