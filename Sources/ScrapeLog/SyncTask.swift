/// One pass of making written bytes durable, to be run on a thread that may block.
///
/// Owns references to the open files, so that nothing is closed under it; dropping it unrun is harmless.
package struct SyncTask: Sendable {
    /// What becomes durable in one file.
    struct Piece: Sendable, Hashable {
        var epoch: UInt64
        /// Offset of the file's first byte.
        var start: UInt64
        /// Bytes of the file, up to a record boundary, that were written before the pass began.
        var length: UInt64
    }

    let files: [Descriptor]
    /// Directories in which files were created since the last pass.
    let directories: [Descriptor]
    let pieces: [Piece]
    /// Files that somebody else wrote, by their names in a directory: opened only while they are synchronized, because there
    /// may be many. One that is gone is no matter.
    var found: [(directory: LogDirectory, name: String)] = []

    /// Blocks until everything written before the task was made is on the disk.
    package func run() throws(ScrapeLogError) {
        for (directory, name) in found {
            guard let file = try? directory.open(name) else { continue }
            try file.synchronize(dataOnly: true)
        }
        for file in files { try file.synchronize(dataOnly: true) }
        for directory in directories { try directory.synchronize(dataOnly: false) }
    }
}
