/// A moment on the collector's two clocks.
package struct Moment: Sendable, Hashable {
    /// Milliseconds since the Unix epoch.
    package var wall: Int64
    /// Milliseconds of a clock that is never set.
    package var steady: Int64

    package init(wall: Int64, steady: Int64) {
        self.wall = wall
        self.steady = steady
    }
}
