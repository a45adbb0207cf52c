import COpenSSL

/// Hash functions from libcrypto, so that the whole process uses one implementation (and the system's FIPS module).
package enum Digest {
    /// The 32 bytes of the SHA-256 of `bytes`.
    package static func sha256(_ bytes: UnsafeRawBufferPointer) -> [UInt8] {
        // Starts the library our way before its first use.
        let ready = OpenSSLLibrary.isReady
        return unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            // Only an OpenSSL without SHA-256 fails here, and that one cannot make a TLS context either.
            let done = unsafe culvert_sha256(bytes.baseAddress, bytes.count, buffer.baseAddress)
            precondition(ready && done == 1, "the installed OpenSSL provides no SHA-256")
            count = 32
        }
    }

    /// The 32 bytes of the SHA-256 of `bytes`.
    package static func sha256(_ bytes: some Collection<UInt8>) -> [UInt8] {
        let hash = bytes.withContiguousStorageIfAvailable { unsafe sha256(UnsafeRawBufferPointer($0)) }
        return unsafe hash ?? Array(bytes).withUnsafeBytes { unsafe sha256($0) }
    }
}
