import Glibc
import NIOCore

/// A directory of log files, reached through its descriptor, so that nothing is looked up by path twice.
///
/// Every name that comes here was made from numbers or is a constant; symbolic links are never followed. Files are created
/// with mode 0600, directories with 0700.
struct LogDirectory: Sendable {
    /// What logs that are opened in this task call for their files; tests replace it.
    @TaskLocal static var calls: any FileCalls = SystemCalls()

    let descriptor: Descriptor
    var path: String { descriptor.path }
    var calls: any FileCalls { descriptor.calls }

    /// Opens the directory at a path, creating it and its parents, durably, where they are missing.
    init(creating path: String) throws(ScrapeLogError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw ScrapeLogError(code: .invalid, message: "not a path of a directory", culprit: path.debugDescription)
        }
        let calls = Self.calls
        var index = path.startIndex
        while index < path.endIndex {
            let next = path[path.index(after: index)...].firstIndex(of: "/") ?? path.endIndex
            let prefix = String(path[..<next])
            let code = calls.createDirectory(prefix, in: nil)
            if code == 0 {
                // What is synchronized inside a directory is lost with it when its own name is.
                let parent = index > path.startIndex ? String(path[..<index]) : path.hasPrefix("/") ? "/" : "."
                try? Self.open(parent, calls).descriptor.synchronize(dataOnly: false)
            } else if code != -EEXIST, !calls.exists(prefix) {
                // EROFS and EACCES come before EEXIST on some file systems: what exists is good enough here.
                throw .system("create the directory", path: prefix, errno: -code)
            }
            index = next
        }
        self = try Self.open(path, calls)
    }

    private init(descriptor: Descriptor) { self.descriptor = descriptor }

    private static func open(_ path: String, _ calls: any FileCalls) throws(ScrapeLogError) -> LogDirectory {
        let handle = calls.open(path, in: nil, flags: O_RDONLY | O_DIRECTORY)
        guard handle >= 0 else { throw .system("open the directory", path: path, errno: -handle) }
        return LogDirectory(descriptor: Descriptor(adopting: handle, of: calls, path: path))
    }

    /// Opens a directory inside this one; creates it first when `creating`.
    func subdirectory(_ name: String, creating: Bool = false) throws(ScrapeLogError) -> LogDirectory {
        if creating {
            let code = calls.createDirectory(name, in: descriptor.handle)
            guard code == 0 || code == -EEXIST else {
                throw .system("create the directory", path: "\(path)/\(name)", errno: -code)
            }
        }
        let handle = calls.open(name, in: descriptor.handle, flags: O_RDONLY | O_DIRECTORY)
        guard handle >= 0 else { throw .system("open the directory", path: "\(path)/\(name)", errno: -handle) }
        return LogDirectory(descriptor: Descriptor(adopting: handle, of: calls, path: "\(path)/\(name)"))
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
        let handle = calls.open(name, in: descriptor.handle, flags: flags)
        guard handle >= 0 else { throw .system(action, path: "\(path)/\(name)", errno: -handle) }
        let file = Descriptor(adopting: handle, of: calls, path: "\(path)/\(name)")
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
        let code = calls.remove(name, in: descriptor.handle, isDirectory: false)
        guard code == 0 || code == -ENOENT else {
            throw .system("remove the file", path: "\(path)/\(name)", errno: -code)
        }
    }

    func removeDirectory(_ name: String) throws(ScrapeLogError) {
        let code = calls.remove(name, in: descriptor.handle, isDirectory: true)
        guard code == 0 || code == -ENOENT else {
            throw .system("remove the directory", path: "\(path)/\(name)", errno: -code)
        }
    }

    func rename(_ name: String, to other: String) throws(ScrapeLogError) {
        let code = calls.rename(name, to: other, in: descriptor.handle)
        guard code == 0 else { throw .system("rename the file", path: "\(path)/\(name)", errno: -code) }
    }

    /// The names in the directory, sorted; dot files are left out.
    func names() throws(ScrapeLogError) -> [String] {
        var names: [String] = []
        let code = calls.names(in: descriptor.handle, &names)
        guard code == 0 else { throw .system("list the directory", path: path, errno: -code) }
        return names.filter { !$0.hasPrefix(".") }.sorted()
    }
}
