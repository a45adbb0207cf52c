import NIOCore
import Recordings

/// The recordings of real exporters, ready to be served: for each exporter its bodies in the order they were scraped.
struct RenderedRecordings: Sendable {
    /// One entry an exporter, by name.
    let exporters: [[RenderedBody]]

    /// Reads `folder`: either a folder of bodies (`000.txt`, `001.txt`, …) or a folder of such folders.
    init(folder: String, compressor: GzipCompressor) throws {
        let names = try RecordedFolder.names(in: folder)
        let folders = names.contains { $0.hasSuffix(".txt") } ? [folder] : names.map { "\(folder)/\($0)" }
        exporters = try folders.map { folder in
            try RecordedFolder.bodies(folder).map { plain in
                RenderedBody(
                    plain: plain, gzip: try compressor.compress(plain), samples: RecordedFolder.samples(in: plain))
            }
        }.filter { $0.count > 1 }
        guard !exporters.isEmpty else {
            throw BenchmarkError("\(folder) holds no recordings: expected NAME/000.txt, NAME/001.txt, …")
        }
    }
}
