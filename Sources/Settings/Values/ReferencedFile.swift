import Glibc

/// Says at load whether a file named in the settings will be usable: there, readable, no directory, not empty, and a
/// private key readable by nobody else.
enum ReferencedFile {
    /// What the file holds; it decides the cure and how strict the mode must be.
    enum Content {
        case certificates
        case privateKey
        case password

        var cure: String {
            switch self {
            case .certificates, .privateKey: "correct the path, or let certs/issue DIR write it"
            case .password: "correct the path, or write the password into it"
            }
        }
    }

    /// The absolute path of the file that `key` names; what is wrong with the file is added to the log of `reader`.
    static func path(_ found: Located<String>, key: String, holding content: Content, log: ProblemLog) -> String {
        let path = FilePath.resolve(found.value, in: log.directory)
        if let message = check(path, holding: content) {
            log.add(.unusableFile, at: found.key, "\(key): \(path): \(message)")
        }
        return path
    }

    private static func check(_ path: String, holding content: Content) -> String? {
        guard !path.utf8.contains(0) else { return "not a path: \(content.cure)" }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return SourceFile.sentence(errno, cure: content.cure) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return SystemError.text(errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { return "is not a regular file: \(content.cure)" }
        guard status.st_size > 0 else { return "is empty: \(content.cure)" }
        guard content == .privateKey else { return nil }
        let mode = status.st_mode & 0o777
        if mode & 0o077 != 0 {
            let digits = String(mode, radix: 8)
            let octal = String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits
            return "has mode \(octal), a private key must be readable by its owner only: chmod 600 \(path)"
        }
        let user = geteuid()
        if status.st_uid != 0, status.st_uid != user {
            return
                "is owned by uid \(status.st_uid), a private key must belong to root or to the user culvert runs as: "
                + "chown \(user) \(path)"
        }
        return nil
    }
}
