/// One declared reader: its cursors, per address when it is keyed so, and who it is read as.
struct ReaderState: Sendable {
    /// Addresses of a keyed reader; beyond, the longest silent goes.
    static let maximumAddresses = CursorText.maximumPlaces

    /// The cursors of one address, or of all.
    struct Place: Sendable {
        var targets: [TargetID: Entry] = [:]
        /// Milliseconds, steady clock.
        var lastRead: Int64 = 0
    }

    struct Entry: Sendable {
        var cursor = TargetCursor()
        var agent: String
        /// When it was last asked for, milliseconds since the Unix epoch.
        var lastRead: Int64
        /// Counts up over all entries: the least was used the longest time ago.
        var use: UInt64 = 0
    }

    var settings: HistoryReader
    var watch = AddressWatch()
    /// Under the empty key for a reader that is not keyed.
    var places: [String: Place] = [:]
    /// Milliseconds since the Unix epoch; nil when it has not read since the start.
    var lastRead: Int64?
    /// The address it last read from.
    var lastAddress = ""
    /// Something is not in its file yet.
    var isChanged = false

    init(settings: HistoryReader) {
        self.settings = settings
    }

    mutating func touch(_ key: String, at now: Int64) {
        if places[key] == nil, places.count >= Self.maximumAddresses,
            let silent = places.min(by: { $0.value.lastRead < $1.value.lastRead })
        {
            places[silent.key] = nil
            isChanged = true
        }
        places[key, default: Place()].lastRead = now
    }

    mutating func change<Value>(
        _ slot: History.Slot, of agent: String, _ change: (inout Entry) -> Value
    ) -> Value {
        change(&places[slot.key, default: Place()].targets[slot.target, default: Entry(agent: agent, lastRead: 0)])
    }

    var checkpointCost: Int {
        places.values.reduce(0) { $0 + $1.targets.values.reduce(0) { $0 + $1.cursor.checkpointCost } }
    }

    /// Counts the pages as read whose connection was closed and leaves no doubt.
    ///
    /// - Returns: what was on them.
    mutating func settleForGood() -> [PageCounts] {
        var counts: [PageCounts] = []
        for (key, place) in places {
            for (id, entry) in place.targets where entry.cursor.offer?.delivery?.isReadForGood == true {
                guard case .read(let page)? = places[key]?.targets[id]?.cursor.settle(isRead: true) else { continue }
                counts.append(page)
                isChanged = true
            }
        }
        return counts
    }

    /// Drops cursors with targets that are gone: not known, and not asked for since longer ago than anything is given.
    ///
    /// - Parameter known: all targets there are; nil while that is not certain.
    mutating func forget(but known: Set<TargetID>?, at now: Int64) {
        guard let known else { return }
        for (key, place) in places {
            for (id, entry) in place.targets
            where !known.contains(id) && now.subtractingReportingOverflow(entry.lastRead).partialValue > settings.maxAge
            {
                places[key]?.targets[id] = nil
                isChanged = true
            }
        }
    }

    // MARK: Files

    var text: CursorText {
        var text = CursorText()
        for (key, place) in places {
            text.places[key] = place.targets.compactMap { id, entry in
                guard var cursor = entry.cursor.read else { return nil }
                cursor.checkpoint = nil
                return CursorText.Line(
                    target: id, owesFirst: entry.cursor.owesFirst, cursor: cursor, emitted: entry.cursor.emitted,
                    lastRead: entry.lastRead,
                    agent: entry.agent)
            }
        }
        return text
    }

    /// Takes over what a file says. Places of a reader that was keyed otherwise are of no use.
    mutating func restore(_ text: CursorText, at now: Int64) {
        for (key, lines) in text.places where key.isEmpty != settings.isKeyedByAddress {
            var place = Place(lastRead: now)
            for line in lines {
                place.targets[line.target] = Entry(
                    cursor: TargetCursor(read: line.cursor, emitted: line.emitted, owesFirst: line.owesFirst),
                    agent: line.agent,
                    lastRead: line.lastRead)
            }
            places[key] = place
        }
    }
}
