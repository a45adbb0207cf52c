import NIOCore

extension ByteBuffer {
    /// Writes a `Date` header's value: `Sun, 06 Nov 1994 08:49:37 GMT`.
    ///
    /// - Parameter time: seconds since the Unix epoch; times outside of the years 1970 to 9999 are written as 1970's first.
    mutating func writeHTTPDate(_ time: Int64) {
        let time = (0..<253_402_300_800).contains(time) ? Int(time) : 0
        let (days, second) = time.quotientAndRemainder(dividingBy: 86_400)
        // Years that begin in March, in eras of 400 years: the leap day is the last of a year.
        let shifted = days + 719_468
        let (era, dayOfEra) = shifted.quotientAndRemainder(dividingBy: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let month = (5 * dayOfYear + 2) / 153
        let year = era * 400 + yearOfEra + (month >= 10 ? 1 : 0)
        // 1 January 1970 was a Thursday.
        writeName("SunMonTueWedThuFriSat", (days + 4) % 7)
        writeStaticString(", ")
        writeTwoDigits(dayOfYear - (153 * month + 2) / 5 + 1)
        writeStaticString(" ")
        writeName("MarAprMayJunJulAugSepOctNovDecJanFeb", month)
        writeStaticString(" ")
        writeTwoDigits(year / 100)
        writeTwoDigits(year % 100)
        writeStaticString(" ")
        writeTwoDigits(second / 3600)
        writeStaticString(":")
        writeTwoDigits(second / 60 % 60)
        writeStaticString(":")
        writeTwoDigits(second % 60)
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
