import Glibc

/// Paths with the wildcards of a shell: `*`, `?` and `[…]` stand for characters that are no slash.
package enum PathPattern {
    private static let wildcards: Set<Character> = ["*", "?", "["]

    /// Whether it may mean something else than itself.
    static func isPattern(_ path: String) -> Bool { path.contains { wildcards.contains($0) } }

    /// The paths that are there and that a pattern means, sorted; one without wildcards means itself. Nil when that cannot
    /// be told now: a directory cannot be read, or the process has no descriptors left. Blocks.
    package static func matches(_ pattern: String) -> [String]? {
        guard !pattern.utf8.contains(0) else { return [] }
        guard isPattern(pattern) else {
            var status = stat()
            if stat(pattern, &status) == 0 { return [pattern] }
            return errno == ENOENT || errno == ENOTDIR ? [] : nil
        }
        var found = glob_t()
        defer { globfree(&found) }
        // A star takes a dot at the beginning, as in Go. What is not there is no error.
        let code = glob(pattern, GLOB_PERIOD, { _, code in code == ENOENT || code == ENOTDIR ? 0 : 1 }, &found)
        guard code == 0, let paths = found.gl_pathv else { return code == GLOB_NOMATCH ? [] : nil }
        return (0..<Int(clamping: found.gl_pathc)).compactMap { paths[$0].map { String(cString: $0) } }
    }
}
