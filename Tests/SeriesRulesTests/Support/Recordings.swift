import Foundation
import NIOCore

/// The bodies that real exporters gave, in order.
enum Recordings {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/bodies")

    static func all() throws -> [(name: String, bodies: [ByteBuffer])] {
        try contents(of: folder).map { exporter in
            (exporter.lastPathComponent, try contents(of: exporter).map { ByteBuffer(bytes: try Data(contentsOf: $0)) })
        }
    }

    private static func contents(of folder: URL) throws -> [URL] {
        let contents = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        return contents.sorted { $0.path < $1.path }
    }
}
