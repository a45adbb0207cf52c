import Synchronization

/// One target: hands out each body once, with the next one made ahead of the question.
final class SimulatedTarget: Sendable {
    private struct State {
        var source: any BodySource
        var ready: RenderedBody?
    }

    private let state: Mutex<State>

    /// A target that says what `source` says; its first body is made at once.
    init(_ source: any BodySource) throws {
        state = Mutex(State(source: source, ready: nil))
        try prepare()
    }

    /// Makes the next body, unless it is there; called on a thread that has time.
    func prepare() throws {
        try state.withLock { state in
            if state.ready == nil { state.ready = try state.source.next() }
        }
    }

    /// The body of this scrape. Made on the spot when the question comes before it is ready.
    func take() throws -> RenderedBody {
        try state.withLock { state in
            defer { state.ready = nil }
            return try state.ready ?? state.source.next()
        }
    }
}
