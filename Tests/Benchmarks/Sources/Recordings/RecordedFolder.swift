import Glibc
package import NIOCore

/// A folder of recorded bodies, `000.txt`, `001.txt`, …, or one of such folders.
package enum RecordedFolder {
    /// Every body of one exporter's folder, in the order they were scraped.
    package static func bodies(_ folder: String) throws -> [ByteBuffer] {
        try names(in: folder).filter { $0.hasSuffix(".txt") }.map { try contents(of: "\(folder)/\($0)") }
    }

    /// What stands in a folder, sorted; hidden names are left out.
    package static func names(in folder: String) throws -> [String] {
        guard let stream = unsafe opendir(folder) else { throw BenchmarkError("\(folder) is not a readable folder") }
        defer { unsafe closedir(stream) }
        var names: [String] = []
        while let entry = unsafe readdir(stream) {
            let name = unsafe withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// Lines of a body that are neither empty nor comments.
    package static func samples(in body: ByteBuffer) -> Int {
        body.readableBytesView.split(separator: UInt8(ascii: "\n")).count { $0.first != UInt8(ascii: "#") }
    }

    private static func contents(of path: String) throws -> ByteBuffer {
        guard let file = unsafe fopen(path, "r") else { throw BenchmarkError("\(path) cannot be read") }
        defer { unsafe fclose(file) }
        var contents = ByteBuffer()
        while true {
            let count = unsafe contents.writeWithUnsafeMutableBytes(minimumWritableBytes: 64 << 10) { space in
                unsafe fread(space.baseAddress, 1, space.count, file)
            }
            guard count > 0 else { return contents }
        }
    }
}
