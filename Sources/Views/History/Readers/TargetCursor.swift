/// How far a reader has come with one target: what it has read for certain, and the page it was last offered.
///
/// A page that was offered counts as read once the next request shows that it arrived; until then the same scrapes are
/// offered again, with what came since. A page without scrapes has nothing to lose and counts at once. Owns the one rule
/// of when a cursor moves.
struct TargetCursor: Sendable {
    /// A page that was given out.
    struct Offer: Sendable {
        /// Behind it.
        var cursor: HistoryCursor
        /// The time of its last sample, as the reader saw it.
        var emitted: Int64
        var counts: PageCounts
        /// What became of its bytes.
        var delivery: PageDelivery?
    }

    /// What the next request said of the page before.
    enum Settlement {
        case nothing
        case read(PageCounts)
        case repeated
    }

    /// Where a request begins to read.
    struct Place: Sendable {
        /// Nil for a reader that has read nothing yet.
        var cursor: HistoryCursor?
        var emitted: Int64
        /// Whether the last scrape that was looked at had to be left out as invalid.
        var isRejected: Bool
        /// Whether the scrape in front of the cursor is still to be given: the first that the reader was shown.
        var owesFirst: Bool
        fileprivate var turn: UInt64
    }

    /// Nil until the first scrape was seen.
    private(set) var read: HistoryCursor?
    /// Whether the scrape in front of `read` is the first, and not known to have arrived.
    private(set) var owesFirst: Bool
    /// The time of the last sample that was read; later ones must be later.
    private(set) var emitted: Int64
    private(set) var offer: Offer?
    private var isRejected = false
    /// Counts the requests; pages for an earlier one than the last do not move anything.
    private var turn: UInt64 = 0

    /// - Parameter read: from a file; nil for a target that was never read.
    init(read: HistoryCursor? = nil, emitted: Int64 = .min, owesFirst: Bool = false) {
        self.read = read
        self.emitted = emitted
        self.owesFirst = owesFirst
    }

    /// A request has come.
    ///
    /// - Parameter isRead: whether the page before was wholly written and its connection was still open now.
    mutating func settle(isRead: Bool) -> Settlement {
        turn &+= 1
        guard let offer else { return .nothing }
        self.offer = nil
        guard isRead else { return .repeated }
        read = offer.cursor
        emitted = max(emitted, offer.emitted)
        owesFirst = false
        return .read(offer.counts)
    }

    /// Whether this is the page last offered.
    func isOffered(_ delivery: PageDelivery?) -> Bool { delivery != nil && offer?.delivery === delivery }

    /// Where the request that has just come begins.
    var place: Place {
        Place(cursor: read, emitted: emitted, isRejected: isRejected, owesFirst: owesFirst, turn: turn)
    }

    /// Where a look begins that moves nothing.
    ///
    /// - Parameter isRead: as in ``settle(isRead:)``.
    func glance(isRead: Bool) -> Place {
        guard isRead, let offer else { return place }
        var place = place
        place.cursor = offer.cursor
        place.emitted = max(emitted, offer.emitted)
        place.owesFirst = false
        return place
    }

    /// The first scrape a reader is shown is the newest; from now on nothing from it on is passed over, should the page
    /// not arrive.
    ///
    /// - Parameter scrape: behind it.
    mutating func begin(with scrape: HistoryCursor) {
        guard read == nil else { return }
        read = scrape
        read?.checkpoint = nil
        owesFirst = true
    }

    /// A page with scrapes is given out.
    mutating func give(_ page: Offer, from place: Place) {
        guard place.turn == turn else { return }
        offer = page
        // Of the two places one at most is read from again, most likely the later one.
        read?.checkpoint = nil
        isRejected = page.counts.rejected > 0 && page.counts.given == 0
    }

    /// What came was nothing to give.
    ///
    /// - Parameter hasPassed: whether scrapes were gone past.
    /// - Returns: whether anything has moved.
    mutating func pass(to cursor: HistoryCursor?, hasPassed: Bool, _ counts: PageCounts, from place: Place) -> Bool {
        guard place.turn == turn else { return false }
        if counts.rejected > 0 { isRejected = true }
        let hasMoved = cursor != nil && (hasPassed || cursor != read)
        if let cursor { read = cursor }
        if hasMoved { owesFirst = false }
        return hasMoved
    }

    /// What the cursors here keep in memory beyond themselves.
    var checkpointCost: Int { (read?.checkpoint?.cost ?? 0) + (offer?.cursor.checkpoint?.cost ?? 0) }

    mutating func dropCheckpoints() {
        read?.checkpoint = nil
        offer?.cursor.checkpoint = nil
    }
}
