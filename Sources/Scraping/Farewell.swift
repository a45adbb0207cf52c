import NIOCore

/// The last scrape of many targets, a number of them at a time.
///
/// Owns the queue of loops that still wait for theirs.
final class Farewell {
    private var waiting: [ScrapeLoop]
    private var running = 0
    private var isOver = false
    private let deadline: NIODeadline
    private let promise: EventLoopPromise<Void>

    init(loops: [ScrapeLoop], deadline: NIODeadline, promise: EventLoopPromise<Void>) {
        waiting = loops.reversed()
        self.deadline = deadline
        self.promise = promise
    }

    func start(width: Int) {
        // No tick may start a scrape of its own while others have their last.
        for loop in waiting { loop.hold() }
        for _ in 0..<max(width, 1) { next() }
    }

    private func next() {
        guard let loop = waiting.popLast() else {
            if running == 0, !isOver {
                isOver = true
                promise.succeed()
            }
            return
        }
        running += 1
        loop.finalScrape(deadline: deadline).assumeIsolated().whenComplete { _ in
            self.running -= 1
            self.next()
        }
    }
}
