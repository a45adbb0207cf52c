import Glibc

/// Reads the small files of /proc.
struct ProcFile {
    /// Where /proc is mounted.
    let root: String

    /// More than any file read here has; `/proc/stat` of a host with very many interrupts is the longest.
    private static let largestSize = 4 << 20

    /// The whole file, or nil when it cannot be read or is too long.
    func read(_ path: String) -> String? {
        let descriptor = open("\(root)/\(path)", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 16 << 10)
        while bytes.count <= Self.largestSize {
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { return nil }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(contentsOf: chunk[..<count])
        }
        return nil
    }

    /// How many entries a directory has, or nil when it cannot be read.
    func entryCount(_ path: String) -> Int? {
        guard let directory = opendir("\(root)/\(path)") else { return nil }
        defer { closedir(directory) }
        var count = 0
        while let entry = readdir(directory) {
            // "." and "..": nothing else here begins with a dot.
            if entry.pointee.d_name.0 != CChar(UInt8(ascii: ".")) { count += 1 }
        }
        return count
    }
}
