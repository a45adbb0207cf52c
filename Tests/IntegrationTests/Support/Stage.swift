import Testing

/// How many tests with processes of their own run at a time: on a small machine, dozens at once would only measure each
/// other. Places are given in the order they were asked for.
actor Stage {
    static let shared = Stage(places: 6)

    private let places: Int
    private var free: Int
    private var queue: [(places: Int, continuation: CheckedContinuation<Void, Never>)] = []

    init(places: Int) {
        self.places = places
        self.free = places
    }

    func enter(_ wanted: Int) async {
        let wanted = min(wanted, places)
        if queue.isEmpty, free >= wanted {
            free -= wanted
            return
        }
        await withCheckedContinuation { queue.append((wanted, $0)) }
    }

    func leave(_ returned: Int) {
        free += min(returned, places)
        while let first = queue.first, first.places <= free {
            free -= first.places
            queue.removeFirst()
            first.continuation.resume()
        }
    }
}

/// Gives every test of a suite its place on the stage.
struct OnStage: TestTrait, SuiteTrait, TestScoping {
    var places = 1

    var isRecursive: Bool { true }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        await Stage.shared.enter(places)
        do {
            try await function()
        } catch {
            await Stage.shared.leave(places)
            throw error
        }
        await Stage.shared.leave(places)
    }
}

extension Trait where Self == OnStage {
    /// One of a few tests with processes at a time.
    static var onStage: OnStage { OnStage() }

    /// No other test with processes meanwhile: for what counts scrapes.
    static var aloneOnStage: OnStage { OnStage(places: .max) }
}
