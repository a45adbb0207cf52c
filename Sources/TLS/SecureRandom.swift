import COpenSSL

/// Numbers nobody can guess, from libcrypto's generator.
package enum SecureRandom {
    /// 64 random bits.
    package static func randomUInt64() -> UInt64 {
        guard OpenSSLLibrary.isReady else { return UInt64.random(in: .min ... .max) }
        var number: UInt64 = 0
        let done = unsafe withUnsafeMutableBytes(of: &number) { unsafe RAND_bytes($0.baseAddress, Int32($0.count)) }
        // The kernel's generator is as good; libcrypto's only fails when its configuration is broken.
        return done == 1 ? number : UInt64.random(in: .min ... .max)
    }
}
