import Glibc

/// Whether a directory takes bytes: writes, syncs and removes a small file.
enum DiskProbe {
    private static let size = 1 << 20

    static func succeeds(in directory: String) -> Bool {
        let path = directory + "/probe"
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { return false }
        defer {
            close(file)
            unlink(path)
        }
        let bytes = [UInt8](repeating: 0, count: size)
        let written = bytes.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
        return written == size && fsync(file) == 0
    }
}
