/// All declared readers and what goes for all of them together.
struct ReaderTable: Sendable {
    var readers: [String: ReaderState] = [:]
    /// In the order of the configuration.
    var names: [String] = []
    /// Counts the uses of cursors.
    var uses: UInt64 = 0
    /// What all cursors' checkpoints keep in memory.
    var checkpoints = 0
    /// What they may keep, and when that was found out, steady clock.
    var budget = (bytes: 1 << 20, since: Int64.min)
    /// When the log last said that two addresses share a reader, by reader.
    var warned: [String: Int64] = [:]
    /// Readers may have gone whose files are still there.
    var isPruneDue = false
}

extension ReaderTable {
    func entry(_ slot: History.Slot) -> ReaderState.Entry? {
        readers[slot.reader]?.places[slot.key]?.targets[slot.target]
    }

    /// Changes one entry, made when it is missing; `change` also says whether the reader's file has to be written.
    mutating func update<Value>(
        _ slot: History.Slot, of agent: String, at time: Int64, _ change: (inout ReaderState.Entry) -> (Value, Bool)
    ) -> Value? {
        uses &+= 1
        let use = uses
        var cost = 0
        let changed = readers[slot.reader]?.change(slot, of: agent) { entry in
            cost = -entry.cursor.checkpointCost
            entry.lastRead = time
            entry.use = use
            let changed = change(&entry)
            cost += entry.cursor.checkpointCost
            return changed
        }
        checkpoints += cost
        if changed?.1 == true { readers[slot.reader]?.isChanged = true }
        return changed?.0
    }

    mutating func dropCheckpoints(to limit: Int) {
        var slots: [(slot: History.Slot, use: UInt64, cost: Int)] = []
        for (name, reader) in readers {
            for (key, place) in reader.places {
                for (id, entry) in place.targets where entry.cursor.checkpointCost > 0 {
                    let slot = History.Slot(reader: name, key: key, target: id)
                    slots.append((slot, entry.use, entry.cursor.checkpointCost))
                }
            }
        }
        // What has gone with an address or a target is not in the sum any more.
        checkpoints = slots.reduce(0) { $0 + $1.cost }
        for (slot, _, cost) in slots.sorted(by: { $0.use < $1.use }) {
            guard checkpoints > limit else { return }
            readers[slot.reader]?.places[slot.key]?.targets[slot.target]?.cursor.dropCheckpoints()
            checkpoints -= cost
        }
    }
}
