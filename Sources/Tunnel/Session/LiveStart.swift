/// Where in the log live data begin; what is before is backlog.
package struct LiveStart: Sendable, Hashable {
    package var epoch: UInt64
    package var offset: UInt64

    package init(epoch: UInt64, offset: UInt64) {
        self.epoch = epoch
        self.offset = offset
    }
}
