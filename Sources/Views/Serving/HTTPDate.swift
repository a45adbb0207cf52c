import Glibc
import NIOCore

extension ByteBuffer {
    /// Writes a `Date` header's value: `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter time: seconds since the Unix epoch; times outside of the years 1970 to 9999 are written as 1970's first.
    mutating func writeHTTPDate(_ time: Int64) {
        var seconds = (0..<253_402_300_800).contains(time) ? time_t(time) : 0
        var parts = unsafe tm()
        _ = unsafe gmtime_r(&seconds, &parts)
        unsafe writeName("SunMonTueWedThuFriSat", Int(parts.tm_wday))
        writeStaticString(", ")
        unsafe writeTwoDigits(Int(parts.tm_mday))
        writeStaticString(" ")
        unsafe writeName("JanFebMarAprMayJunJulAugSepOctNovDec", Int(parts.tm_mon))
        writeStaticString(" ")
        unsafe writeTwoDigits(Int(parts.tm_year) / 100 + 19)
        unsafe writeTwoDigits(Int(parts.tm_year) % 100)
        writeStaticString(" ")
        unsafe writeTwoDigits(Int(parts.tm_hour))
        writeStaticString(":")
        unsafe writeTwoDigits(Int(parts.tm_min))
        writeStaticString(":")
        unsafe writeTwoDigits(Int(parts.tm_sec))
        writeStaticString(" GMT")
    }

    /// Writes a number that is not negative.
    mutating func writeDecimal(_ number: Int) {
        var divisor = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            writeInteger(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func writeTwoDigits(_ number: Int) {
        writeInteger(UInt8(ascii: "0") + UInt8(number / 10 % 10))
        writeInteger(UInt8(ascii: "0") + UInt8(number % 10))
    }

    /// The name at that place of a list of three-letter names.
    private mutating func writeName(_ names: String, _ index: Int) {
        writeBytes(names.utf8.dropFirst(index * 3).prefix(3))
    }
}
