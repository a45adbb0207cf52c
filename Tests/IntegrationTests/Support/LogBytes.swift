import Foundation

/// The bytes of scrape logs on both sides, by epoch and offset, read from the segment files.
enum LogBytes {
    /// One unbroken run of bytes.
    struct Piece: Sendable {
        var epoch: String
        var start: Int
        var bytes: Data

        var end: Int { start + bytes.count }
    }

    /// An agent's segments: `<sequence>-<epoch>-<start>.segment`.
    static func ofAgent(_ directory: String) throws -> [Piece] {
        try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".segment") }.sorted()
            .compactMap { name in
                let parts = name.dropLast(".segment".count).split(separator: "-")
                guard parts.count == 3, let start = Int(parts[2], radix: 16) else { return nil }
                return try piece(String(parts[1]), start, directory + "/" + name)
            }
    }

    /// A replica's: `<arrival>-<epoch>/<start>.segment`.
    static func ofReplica(_ directory: String) throws -> [Piece] {
        try FileManager.default.contentsOfDirectory(atPath: directory).sorted().flatMap { name -> [Piece] in
            let parts = name.split(separator: "-")
            guard parts.count == 2 else { return [] }
            let epoch = directory + "/" + name
            return try FileManager.default.contentsOfDirectory(atPath: epoch).filter { $0.hasSuffix(".segment") }
                .compactMap { file in
                    guard let start = Int(file.dropLast(".segment".count), radix: 16) else { return nil }
                    return try piece(String(parts[1]), start, epoch + "/" + file)
                }
        }
    }

    private static func piece(_ epoch: String, _ start: Int, _ path: String) throws -> Piece {
        Piece(epoch: epoch, start: start, bytes: try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    /// How many bytes of `original` are held by `replica`, and where the two differ, in words.
    static func compare(_ original: [Piece], _ replica: [Piece]) -> (same: Int, missing: Int, differences: [String]) {
        var same = 0
        var missing = 0
        var differences: [String] = []
        for piece in original {
            var covered = 0
            for copy in replica where copy.epoch == piece.epoch {
                let (from, to) = (max(piece.start, copy.start), min(piece.end, copy.end))
                guard from < to else { continue }
                let here = piece.bytes[(from - piece.start)..<(to - piece.start)]
                let there = copy.bytes[(from - copy.start)..<(to - copy.start)]
                if here == there {
                    same += to - from
                } else {
                    differences.append("epoch \(piece.epoch), \(from)..<\(to)")
                }
                covered += to - from
            }
            missing += piece.bytes.count - covered
        }
        return (same, missing, differences)
    }
}
