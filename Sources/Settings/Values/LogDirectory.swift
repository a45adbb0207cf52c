import Glibc

/// The directory of a log: it may still have to be made, but must not be something else.
enum LogDirectory {
    /// The absolute path, or `nil` for `none`, which means memory.
    static func path(_ found: Located<String>, log: ProblemLog) -> String? {
        if found.value == "none" { return nil }
        guard !found.value.isEmpty, !found.value.utf8.contains(0) else {
            log.add(
                .invalidValue, at: found.position,
                "directory: expected a directory, or none to keep the log in memory, found "
                    + "\(Quotation.quote(found.value))"
            )
            return nil
        }
        let path = FilePath.resolve(found.value, in: log.directory)
        var status = stat()
        if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFDIR {
            log.add(
                .unusableFile, at: found.key,
                "directory: \(path): is not a directory: name a directory, or none to keep the log in memory")
        }
        return path
    }
}
