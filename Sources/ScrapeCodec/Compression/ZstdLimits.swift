import CZstd

/// What both directions of compression agree on.
enum ZstdLimits {
    /// Eight megabytes: the farthest a frame may refer back, its prefix included.
    static let maximumWindowLog: Int32 = 23

    /// `ZSTD_c_format`, a macro in zstd.h, and the value that leaves the magic number out.
    static let format = ZSTD_c_experimentalParam2
    static let magicless = Int32(ZSTD_f_zstd1_magicless.rawValue)

    /// `ZSTD_c_literalCompressionMode`, likewise, and the value for literals as they are.
    static let literals = ZSTD_c_experimentalParam5
    static let uncompressedLiterals = Int32(ZSTD_ps_disable.rawValue)

    /// The smallest window that reaches from the end of `bytes` bytes back to their beginning, within the limit.
    static func windowLog(for bytes: Int) -> Int32 {
        var log: Int32 = 10
        while log < maximumWindowLog, 1 << Int(log) < bytes { log += 1 }
        return log
    }
}

extension ScrapeCodecError {
    /// The error for a failed call of the library.
    init(zstd code: Int) {
        let reason = unsafe String(cString: ZSTD_getErrorName(code))
        let isMemory = ZSTD_getErrorCode(code) == ZSTD_error_memory_allocation
        self.init(
            code: isMemory ? .compression : .malformed, message: reason.lowercased(), culprit: "zstd frame")
    }
}
