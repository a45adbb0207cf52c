package import ScrapeLog

/// The CRC32C of one range of log bytes, as one side holds them.
package struct RangeChecksum: Sendable, Hashable {
    package var range: LogRange
    package var checksum: UInt32

    package init(range: LogRange, checksum: UInt32) {
        self.range = range
        self.checksum = checksum
    }
}
