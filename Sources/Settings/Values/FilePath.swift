import Glibc

/// Paths as settings use them: relative ones are relative to the directory of the file that names them.
enum FilePath {
    /// The directory of `file`, absolute, without a slash at its end unless it is the root.
    static func directory(of file: String) -> String {
        let path = file.utf8.first == UInt8(ascii: "/") ? file : join(workingDirectory(), file)
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return clean(String(path[..<slash]))
    }

    /// `path` made absolute: relative to `directory` unless it is absolute already.
    static func resolve(_ path: String, in directory: String) -> String {
        clean(path.utf8.first == UInt8(ascii: "/") ? path : join(directory, path))
    }

    private static func join(_ directory: String, _ path: String) -> String {
        directory.utf8.last == UInt8(ascii: "/") ? directory + path : directory + "/" + path
    }

    /// Without `.`, without doubled slashes. `..` stays: through a symbolic link it means something else.
    private static func clean(_ path: String) -> String {
        "/" + path.split(separator: "/").filter { $0 != "." }.joined(separator: "/")
    }

    private static func workingDirectory() -> String {
        guard let pointer = getcwd(nil, 0) else { return "/" }
        defer { free(pointer) }
        return String(cString: pointer)
    }
}
