import COpenSSL

/// The process-wide state of OpenSSL: started once, never torn down while threads may still use it.
enum OpenSSLLibrary {
    /// Whether the library started; the first use starts it, without the exit handler that frees it under us.
    static let isReady: Bool = OPENSSL_init_ssl(UInt64(OPENSSL_INIT_NO_ATEXIT), nil) == 1

    /// The method table of all window BIOs; nil when OpenSSL could not make it. Immutable once made.
    nonisolated(unsafe) static let windowMethod: OpaquePointer? = unsafe culvert_window_method()

    /// Name, number and date of the library in use.
    static var version: String {
        unsafe String(cString: OpenSSL_version(OPENSSL_VERSION))
    }

    /// Whether only algorithms of a FIPS module are handed out.
    static var isFIPS: Bool {
        EVP_default_properties_is_fips_enabled(nil) == 1
    }
}
