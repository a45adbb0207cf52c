import Glibc
import NIOCore

/// The recordings of real exporters: for each exporter its bodies in the order they were scraped.
struct Recordings: Sendable {
    /// One entry an exporter, by name.
    let exporters: [[RenderedBody]]

    /// Reads `folder`: either a folder of bodies (`000.txt`, `001.txt`, …) or a folder of such folders.
    init(folder: String, compressor: GzipCompressor) throws {
        let own = try Self.names(in: folder).filter { $0.hasSuffix(".txt") }
        let folders = own.isEmpty ? try Self.names(in: folder).map { "\(folder)/\($0)" } : [folder]
        exporters = try folders.map { folder in
            try Self.names(in: folder).filter { $0.hasSuffix(".txt") }.map { name in
                let plain = try Self.contents(of: "\(folder)/\(name)")
                return RenderedBody(
                    plain: plain, gzip: try compressor.compress(plain), samples: Self.samples(in: plain))
            }
        }.filter { $0.count > 1 }
        guard !exporters.isEmpty else {
            throw BenchmarkError("\(folder) holds no recordings: expected NAME/000.txt, NAME/001.txt, …")
        }
    }

    /// Lines that are neither empty nor comments.
    private static func samples(in body: ByteBuffer) -> Int {
        body.readableBytesView.split(separator: UInt8(ascii: "\n")).count { $0.first != UInt8(ascii: "#") }
    }

    private static func names(in folder: String) throws -> [String] {
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
