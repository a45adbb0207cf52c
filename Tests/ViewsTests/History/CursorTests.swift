import Testing

@testable import Views

/// The rules of one cursor, and of who reads.
@Suite struct CursorTests {
    private func cursor(_ offset: UInt64) -> HistoryCursor {
        HistoryCursor(epoch: 7, offset: offset, time: Int64(offset) * 10)
    }

    private func offer(_ offset: UInt64, given: Int = 1) -> TargetCursor.Offer {
        TargetCursor.Offer(cursor: cursor(offset), emitted: Int64(offset) * 10, counts: PageCounts(given: given))
    }

    @Test func `a page moves the cursor when the next request confirms it, and not before`() {
        var place = TargetCursor(read: cursor(1), emitted: 10)
        _ = place.settle(isRead: false)
        place.give(offer(5), from: place.place)
        #expect(place.read == cursor(1))
        guard case .read(let counts) = place.settle(isRead: true) else { Issue.record(); return }
        #expect(counts.given == 1)
        #expect(place.read == cursor(5) && place.emitted == 50)
        place.give(offer(9), from: place.place)
        guard case .repeated = place.settle(isRead: false) else { Issue.record(); return }
        #expect(place.read == cursor(5))
        guard case .nothing = place.settle(isRead: true) else { Issue.record(); return }
        #expect(place.read == cursor(5))
    }

    @Test func `of two requests at the same time the later one's page counts`() {
        var place = TargetCursor(read: cursor(1), emitted: 10)
        _ = place.settle(isRead: false)
        let slow = place.place
        _ = place.settle(isRead: false)
        place.give(offer(5), from: place.place)
        // The page of the first is ready only now.
        place.give(offer(3), from: slow)
        let hasMoved = place.pass(to: cursor(3), hasPassed: true, PageCounts(), from: slow)
        #expect(!hasMoved)
        _ = place.settle(isRead: true)
        #expect(place.read == cursor(5))
    }

    @Test func `what is known of one page says nothing of another`() {
        var place = TargetCursor(read: cursor(1), emitted: 10)
        let (old, new) = (PageDelivery(), PageDelivery())
        _ = place.settle(isRead: false)
        var page = offer(5)
        page.delivery = new
        place.give(page, from: place.place)
        #expect(!place.isOffered(old) && !place.isOffered(nil) && place.isOffered(new))
        #expect(place.glance(isRead: false).cursor == cursor(1) && place.glance(isRead: true).cursor == cursor(5))
    }

    @Test func `from the first scrape shown on nothing is passed over`() {
        var place = TargetCursor()
        _ = place.settle(isRead: false)
        #expect(place.place.cursor == nil)
        let first = place.place
        place.begin(with: cursor(5))
        place.give(offer(5), from: first)
        _ = place.settle(isRead: false)
        #expect(place.place.cursor == cursor(5) && place.place.owesFirst)
        place.begin(with: cursor(9))
        #expect(place.read == cursor(5))
        place.give(offer(5), from: place.place)
        _ = place.settle(isRead: true)
        #expect(place.place.cursor == cursor(5) && !place.place.owesFirst)
    }

    @Test func `an address that changes once has moved, one that changes back is another reader`() {
        var watch = AddressWatch()
        #expect(watch.conflict(of: "a", at: 0) == nil)
        #expect(watch.conflict(of: "a", at: 1_000) == nil)
        #expect(watch.conflict(of: "b", at: 2_000) == nil)
        #expect(watch.conflict(of: "a", at: 3_000) == "b")
        #expect(watch.conflict(of: "b", at: 4_000) == nil)
        #expect(watch.conflict(of: "c", at: 5_000) == nil)
        #expect(watch.conflict(of: "a", at: 6_000) == "c")
        // Those that were replaced have gone on trying; when they alone are left, they read.
        #expect(watch.conflict(of: "a", at: 5_000 + AddressWatch.window) == nil)
    }

    @Test func `who reads under many addresses costs no more than eight`() {
        var watch = AddressWatch()
        for number in 0..<1_000 { _ = watch.conflict(of: "a\(number)", at: Int64(number)) }
        #expect(watch.conflict(of: "a0", at: 1_000) == nil)
        #expect(watch.conflict(of: "a999", at: 1_001) == "a0")
    }
}
