import Relabeling
import Yams

/// One entry of `file_sd_configs`: files that hold groups of targets.
package struct FileSDConfig: Sendable, Hashable {
    /// Absolute paths; the last part may hold wildcards.
    package var files: [String]
    /// Milliseconds after which files are read again although they do not seem to have changed.
    package var refreshInterval: Int64

    package init(files: [String], refreshInterval: Int64 = 5 * 60_000) {
        self.files = files
        self.refreshInterval = refreshInterval
    }

    private static let expected = "a path that ends with .json, .yml or .yaml, with * in its last part only"

    static func readList(_ reader: MappingReader) -> [FileSDConfig] {
        guard let list = reader.list("file_sd_configs", of: "entries, each with files") else { return [] }
        return reader.elements(of: list, name: "file_sd_config").map { read($0) }
    }

    private static func read(_ reader: MappingReader) -> FileSDConfig {
        var config = FileSDConfig(files: [])
        if let list = reader.list("files", of: "paths") {
            for node in list.value {
                let place = node.position ?? list.position
                guard let path = node.scalar?.string, isPattern(path) else {
                    reader.reject(
                        "files", at: place, expected: expected,
                        found: node.scalar.map { Quotation.quote($0.string) } ?? "\(node.kind)")
                    continue
                }
                config.files.append(FilePath.resolve(path, in: reader.log.directory))
            }
        } else if !reader.has("files") {
            reader.missing("files", expected: "a list of paths")
        }
        if let interval = reader.duration("refresh_interval"), interval.value > 0 {
            config.refreshInterval = interval.value
        }
        reader.finish()
        return config
    }

    private static func isPattern(_ path: String) -> Bool {
        let ends = [".json", ".yml", ".yaml", ".JSON", ".YML", ".YAML"]
        guard ends.contains(where: { path.hasSuffix($0) }), !path.utf8.contains(0) else { return false }
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return parts.dropLast().allSatisfy { !$0.contains("*") }
    }
}
