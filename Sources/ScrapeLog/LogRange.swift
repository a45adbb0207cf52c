/// A range of bytes of one epoch of a log: `from` included, `to` not.
package struct LogRange: Sendable, Hashable {
    package var epoch: UInt64
    package var from: UInt64
    package var to: UInt64

    package init(epoch: UInt64, from: UInt64, to: UInt64) {
        self.epoch = epoch
        self.from = from
        self.to = to
    }

    /// Length in bytes; 0 for an empty or inverted range.
    package var count: UInt64 { to > from ? to - from : 0 }
}
