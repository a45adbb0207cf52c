package import NIOCore

/// One timer of an event loop for any number of due times.
///
/// Owns the queue of what waits, which it keeps alive, and at most one callback scheduled with the loop: a time that is
/// cancelled before it came costs the loop nothing. Confined to its event loop.
package final class LoopTimer {
    /// The right to cancel.
    package typealias Ticket = TimeQueue<any TimedWork>.Ticket

    private let eventLoop: any EventLoop
    private let grain: TimeAmount
    private var queue = TimeQueue<any TimedWork>()
    private var armed: (due: NIODeadline, callback: NIOScheduledCallback)?
    private var isRinging = false

    /// `grain` is the least time between two rings: work is never called before its time, and later than it by the grain
    /// at most where other work came just before.
    package init(eventLoop: any EventLoop, grain: TimeAmount = .zero) {
        self.eventLoop = eventLoop
        self.grain = grain
    }

    /// Calls `work` at `due`, once.
    package func schedule(_ work: any TimedWork, at due: NIODeadline) -> Ticket {
        let ticket = queue.insert(work, at: due)
        if !isRinging { arm(notBefore: due) }
        return ticket
    }

    /// Does not call after all. The loop's callback stays, and finds nothing to do.
    package func cancel(_ ticket: Ticket) {
        queue.cancel(ticket)
    }

    /// What the loop calls.
    private struct Ring: NIOScheduledCallbackHandler {
        let timer: NIOLoopBound<LoopTimer>

        func handleScheduledCallback(eventLoop: some EventLoop) { timer.value.ring() }
    }

    private func ring() {
        armed = nil
        isRinging = true
        let now = self.eventLoop.now
        while let work = queue.popDue(now: now) { work.timeArrived() }
        isRinging = false
        arm(notBefore: now + grain)
    }

    private func arm(notBefore floor: NIODeadline) {
        guard let earliest = queue.earliest else { return }
        let due = max(earliest, floor)
        if let armed {
            guard due < armed.due else { return }
            armed.callback.cancel()
        }
        armed = nil
        // It fails when the loop is shutting down: nothing is called any more then.
        let ring = Ring(timer: NIOLoopBound(self, eventLoop: eventLoop))
        guard let callback = try? eventLoop.scheduleCallback(at: due, handler: ring) else { return }
        armed = (due, callback)
    }
}
