import COpenSSL

/// The hash of the action `hashmod`: the last eight bytes of a text's MD5, as a big-endian number.
enum LabelHash {
    /// Nil when this host's OpenSSL refuses MD5, as one in FIPS mode does.
    static func value(of text: String) -> UInt64? {
        var text = text
        var digest = [UInt8](repeating: 0, count: 16)
        var length = 0
        let isDone = text.withUTF8 { bytes in
            unsafe EVP_Q_digest(nil, "MD5", nil, bytes.baseAddress, bytes.count, &digest, &length)
        }
        guard isDone == 1, length == 16 else { return nil }
        return digest[8...].reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Whether `hashmod` can be used here.
    static var isAvailable: Bool { value(of: "") != nil }
}
