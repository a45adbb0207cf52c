package import NIOCore

/// Things to do at their times, soonest first.
///
/// Owns a binary heap of due times and the elements behind them. A value type without a clock: the caller brings the
/// time, and cancels with the ticket it was given.
package struct TimeQueue<Element> {
    /// The right to cancel one entry; of no use once the entry is gone.
    package struct Ticket: Sendable, Hashable {
        fileprivate let slot: Int
        fileprivate let generation: UInt64
    }

    private struct Entry {
        let due: NIODeadline
        let slot: Int
    }

    private struct Slot {
        var element: Element?
        var generation: UInt64
        /// Where its entry stands in the heap.
        var position: Int
    }

    private var heap: [Entry] = []
    private var slots: [Slot] = []
    private var free: [Int] = []
    private var generation: UInt64 = 0

    /// A queue with nothing in it.
    package init() {}

    /// How many entries wait.
    package var count: Int { heap.count }

    /// When the next entry is due.
    package var earliest: NIODeadline? { heap.first?.due }

    /// Adds an entry.
    package mutating func insert(_ element: Element, at due: NIODeadline) -> Ticket {
        generation &+= 1
        let made = Slot(element: element, generation: generation, position: heap.count)
        let slot: Int
        if let reused = free.popLast() {
            slot = reused
            slots[slot] = made
        } else {
            slot = slots.count
            slots.append(made)
        }
        heap.append(Entry(due: due, slot: slot))
        rise(heap.count - 1)
        return Ticket(slot: slot, generation: generation)
    }

    /// Takes an entry out before its time; does nothing when it is gone already.
    package mutating func cancel(_ ticket: Ticket) {
        guard slots.indices.contains(ticket.slot), slots[ticket.slot].element != nil,
            slots[ticket.slot].generation == ticket.generation
        else { return }
        _ = remove(at: slots[ticket.slot].position)
    }

    /// Takes out the soonest entry when its time has come.
    package mutating func popDue(now: NIODeadline) -> Element? {
        guard let first = heap.first, first.due <= now else { return nil }
        return remove(at: 0)
    }

    private mutating func remove(at position: Int) -> Element? {
        let slot = heap[position].slot
        let last = heap.removeLast()
        if position < heap.count {
            place(last, at: position)
            sink(position)
            rise(position)
        }
        free.append(slot)
        let element = slots[slot].element
        slots[slot].element = nil
        return element
    }

    private mutating func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        slots[entry.slot].position = position
    }

    private mutating func rise(_ start: Int) {
        var position = start
        let entry = heap[position]
        while position > 0 {
            let parent = (position - 1) / 2
            guard entry.due < heap[parent].due else { break }
            place(heap[parent], at: position)
            position = parent
        }
        place(entry, at: position)
    }

    private mutating func sink(_ start: Int) {
        var position = start
        let entry = heap[position]
        while true {
            var child = 2 * position + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].due < heap[child].due { child += 1 }
            guard heap[child].due < entry.due else { break }
            place(heap[child], at: position)
            position = child
        }
        place(entry, at: position)
    }
}
