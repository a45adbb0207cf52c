import NIOCore

/// A step from one layout to the next, walking through the old one.
///
/// Written as `varint(count × 4 + code)`, after a jump `zigzag` instead of the count, after an insertion the first id.
enum LayoutEdit: UInt64 {
    /// The next lines of the old layout stay.
    case keep = 0
    /// On to another place of the old layout, told by its distance.
    case jump = 1
    /// Lines that follow each other in a dictionary.
    case insert = 2
}

/// Collects edits and joins those that follow each other.
struct LayoutEdits {
    private(set) var bytes = ByteBuffer()
    private var kept: UInt64 = 0
    private var inserted: UInt64 = 0
    private var firstID: UInt32 = 0

    mutating func reset() {
        bytes.clear()
        kept = 0
        inserted = 0
    }

    mutating func keep(_ count: Int) {
        endInsertion()
        kept &+= UInt64(count)
    }

    mutating func jump(_ distance: Int) {
        guard distance != 0 else { return }
        endKeeping()
        endInsertion()
        bytes.writeVarint(Int64(distance).zigzag &<< 2 | LayoutEdit.jump.rawValue)
    }

    mutating func insert(_ id: UInt32) {
        endKeeping()
        if inserted > 0, UInt64(id) == UInt64(firstID) &+ inserted &* 2 {
            inserted &+= 1
            return
        }
        endInsertion()
        inserted = 1
        firstID = id
    }

    mutating func finish() {
        endKeeping()
        endInsertion()
    }

    private mutating func endKeeping() {
        guard kept > 0 else { return }
        bytes.writeVarint(kept &<< 2 | LayoutEdit.keep.rawValue)
        kept = 0
    }

    private mutating func endInsertion() {
        guard inserted > 0 else { return }
        bytes.writeVarint(inserted &<< 2 | LayoutEdit.insert.rawValue)
        bytes.writeVarint(UInt64(firstID))
        inserted = 0
    }
}
