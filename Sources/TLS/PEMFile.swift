import COpenSSL
import Glibc

/// The content of a PEM file, or of a text in its place, and where it came from: reads it with a bound, and gives its
/// certificates or its key.
struct PEMFile {
    /// 200 public roots are 300 KB; a file above this is not what the operator meant.
    private static let maximumSize = 4 << 20

    /// What errors blame: the path, or what a text is called.
    let path: String
    private let bytes: [UInt8]
    private let isFile: Bool

    /// What `file` or `text` holds; nil when there is neither. `name` is what a text is called. Both are one too many.
    static func read(_ file: String?, or text: PEMText?, name: String, secret: Bool) throws(TLSError) -> PEMFile? {
        guard let text else { return try file.map { path throws(TLSError) in try PEMFile(path, secret: secret) } }
        guard file == nil else {
            throw TLSError(
                .configuration, "is given as a text and as the file \(file ?? ""), expected one of the two",
                culprit: name)
        }
        return try PEMFile(text, name: name)
    }

    private init(_ text: PEMText, name: String) throws(TLSError) {
        path = "the \(name) given as text"
        isFile = false
        bytes = Array(text.value.utf8)
        guard bytes.count <= Self.maximumSize else {
            throw TLSError(
                .configuration, "is \(bytes.count) bytes long, expected PEM of at most \(Self.maximumSize)",
                culprit: path)
        }
    }

    /// Reads `path`; `secret` refuses a file to which group or world have any right.
    init(_ path: String, secret: Bool) throws(TLSError) {
        self.path = path
        isFile = true
        guard !path.utf8.contains(0) else {
            throw TLSError(.configuration, "the path contains a NUL byte", culprit: path)
        }
        // Non-blocking, so that a named pipe cannot hang the start; the mode is checked on what was opened.
        let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.unreadable(path) }
        defer { close(descriptor) }
        var status = stat()
        guard unsafe fstat(descriptor, &status) == 0 else { throw Self.unreadable(path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw TLSError(.configuration, "is not a regular file, expected a PEM file", culprit: path)
        }
        let mode = status.st_mode & 0o7777
        if secret, mode & 0o077 != 0 {
            throw TLSError(
                .configuration, "the private key is open to others than its owner (mode 0\(String(mode, radix: 8)))",
                culprit: path, cure: "run `chmod 600 \(path)`")
        }
        let size = Int(status.st_size)
        guard size <= Self.maximumSize else {
            throw TLSError(
                .configuration, "is \(size) bytes long, expected a PEM file of at most \(Self.maximumSize)",
                culprit: path)
        }
        bytes = try Self.content(of: descriptor, size: size, path: path)
    }

    private static func content(of descriptor: Int32, size: Int, path: String) throws(TLSError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: size)
        var filled = 0
        while filled < bytes.count {
            let start = filled
            let got = unsafe bytes.withUnsafeMutableBytes { buffer in
                let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[start...])
                return unsafe Glibc.read(descriptor, rest.baseAddress, rest.count)
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw unreadable(path) }
            if got == 0 { break }
            filled += got
        }
        bytes.removeLast(bytes.count - filled)
        return bytes
    }

    private static func unreadable(_ path: String) -> TLSError {
        let reason = unsafe String(cString: strerror(errno))
        return TLSError(.configuration, "cannot be read: \(reason)", culprit: path)
    }

    /// Calls `body` with each certificate of the file, in order; at least one is required.
    ///
    /// `body` borrows the certificate. Other PEM blocks of the file are passed over, damaged ones are errors.
    func forEachCertificate(_ body: (Int, OpaquePointer) throws(TLSError) -> Void) throws(TLSError) {
        guard let bio = unsafe memory() else { throw outOfMemory }
        defer { unsafe _ = BIO_free(bio) }
        var count = 0
        while true {
            ERR_clear_error()
            guard let certificate = unsafe culvert_read_certificate(bio) else {
                let error = OpenSSLReason(culvert_take_error())
                if error.isEndOfPEM, count > 0 { return }
                throw TLSError(
                    .configuration,
                    error.isEndOfPEM
                        ? "contains no certificate, expected at least one `-----BEGIN CERTIFICATE-----` block"
                        : "certificate \(count + 1) in it is damaged (\(error.text))",
                    culprit: path)
            }
            defer { unsafe X509_free(certificate) }
            unsafe try body(count, certificate)
            count += 1
        }
    }

    /// The private key of the file; the caller frees it with `EVP_PKEY_free`.
    func privateKey() throws(TLSError) -> OpaquePointer {
        guard let bio = unsafe memory() else { throw outOfMemory }
        defer { unsafe _ = BIO_free(bio) }
        ERR_clear_error()
        guard let key = unsafe culvert_read_private_key(bio) else {
            let error = OpenSSLReason(culvert_take_error())
            let text = String(decoding: bytes, as: UTF8.self)
            if text.contains("ENCRYPTED") {
                throw TLSError(
                    .configuration, "the private key is encrypted, expected one without a passphrase", culprit: path,
                    cure: isFile
                        ? "decrypt it with `openssl pkey -in \(path) -out …` and protect the file by its mode"
                        : "decrypt it with `openssl pkey`")
            }
            throw TLSError(
                .configuration,
                !text.contains("PRIVATE KEY-----")
                    ? "contains no private key, expected a `-----BEGIN PRIVATE KEY-----` block"
                    : "the private key is damaged (\(error.text))",
                culprit: path)
        }
        return unsafe key
    }

    private var outOfMemory: TLSError { TLSError(.internalError, "out of memory", culprit: path) }

    /// A memory BIO with a copy of the bytes.
    private func memory() -> OpaquePointer? {
        guard let bio = unsafe BIO_new(BIO_s_mem()) else { return nil }
        let written = unsafe bytes.withUnsafeBytes { unsafe BIO_write(bio, $0.baseAddress, Int32(clamping: $0.count)) }
        guard written == bytes.count || bytes.isEmpty else {
            unsafe BIO_free(bio)
            return nil
        }
        return unsafe bio
    }
}
