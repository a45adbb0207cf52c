package import Relabeling
package import Settings

/// The groups of targets in the files of one job's `file_sd_configs`.
///
/// Owns what each file held when it could last be read: a file that is malformed or cannot be read keeps its groups, one
/// that is gone loses them. `refresh` blocks; call it every few seconds where that is allowed.
package struct FileDiscovery: Sendable {
    private struct File: Sendable {
        var stamp: FileStamp?
        var groups: [TargetGroup] = []
        /// Milliseconds of a steady clock.
        var read: Int64
    }

    private let configs: [FileSDConfig]
    private var files: [String: File] = [:]
    /// What each pattern meant when that could be told.
    private var known: [String: [String]] = [:]
    /// Patterns of which it cannot be told now.
    private var failing: Set<String> = []

    package init(_ configs: [FileSDConfig]) { self.configs = configs }

    /// All groups, in the order of the configuration, files of one pattern by name.
    package private(set) var groups: [TargetGroup] = []

    /// Looks at the files, and reads those that have changed or are due.
    ///
    /// - Parameter now: milliseconds of a steady clock.
    /// - Returns: whether `groups` changed, and what is wrong with files that were tried; told once until it changes.
    package mutating func refresh(now: Int64) -> (hasChanged: Bool, problems: [SettingsError]) {
        var problems: [SettingsError] = []
        var found: [TargetGroup] = []
        var present: Set<String> = []
        for config in configs {
            for pattern in config.files {
                let paths = PathPattern.matches(pattern)
                if paths == nil, !failing.contains(pattern) {
                    problems.append(
                        SettingsError(
                            code: .unreadable, file: pattern,
                            message: "cannot be looked at now: its targets stay as they were"))
                }
                if paths == nil { failing.insert(pattern) } else { failing.remove(pattern) }
                // Nothing is gone because nobody can look.
                for path in paths ?? known[pattern] ?? [] where present.insert(path).inserted {
                    read(path, config.refreshInterval, now, &problems)
                    found += files[path]?.groups ?? []
                }
                if let paths { known[pattern] = paths }
            }
        }
        files = files.filter { present.contains($0.key) }
        defer { groups = found }
        return (found != groups, problems)
    }

    private mutating func read(
        _ path: String, _ interval: Int64, _ now: Int64, _ problems: inout [SettingsError]
    ) {
        let stamp = FileStamp(path)
        let known = files[path]
        if let known, known.stamp == stamp, now - known.read < interval { return }
        var file = File(stamp: stamp, groups: known?.groups ?? [], read: now)
        do throws(SettingsProblems) {
            file.groups = try TargetGroupFile.read(path).map { group in
                var group = group
                group.labels["__meta_filepath"] = path
                return group
            }
        } catch {
            // Read again at every change; a file that stays wrong is told of when it is due.
            problems += error.problems
        }
        files[path] = file
    }
}
