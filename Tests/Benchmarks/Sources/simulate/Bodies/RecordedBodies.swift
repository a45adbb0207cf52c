/// A target that plays one exporter's recording forwards, then backwards, and so on.
///
/// Backwards is not what an exporter does (its counters fall), but a jump from the last body to the first would be
/// churn that no exporter shows either; every step is the distance of two real scrapes.
struct RecordedBodies: BodySource {
    private let bodies: [RenderedBody]
    private var position: Int
    private var isForwards = true

    /// Begins at `start`, which is counted modulo the length of the recording.
    init(bodies: [RenderedBody], start: Int) {
        self.bodies = bodies
        position = start % bodies.count
    }

    mutating func next() -> RenderedBody {
        let body = bodies[position]
        if position == bodies.count - 1 {
            isForwards = false
        } else if position == 0 {
            isForwards = true
        }
        position += isForwards ? 1 : -1
        return body
    }
}
