import Glibc
import Logging

/// Says loudly when the key of the certificate authority lies, readable, beside a process' own key: whoever takes over
/// this host could then make certificates for any agent and any collector.
enum AuthorityKeyWarning {
    static func check(keyFile: String, _ logger: Logger) {
        let directory = keyFile.lastIndex(of: "/").map { String(keyFile[..<$0]) } ?? "."
        let path = directory + "/ca-key.pem"
        guard access(path, R_OK) == 0 else { return }
        logger.warning(
            "the private key of the certificate authority is readable here; move it to a host that runs neither agent nor collector",
            metadata: ["file": "\(path)"])
    }
}
