/// A layout on its way to the next one: what was, what of it is used already, and what becomes of it.
struct LayoutChange {
    let old: [LineReference]
    /// Encoded in place before they are kept.
    var oldFields: [FieldState]
    /// Where each old line's fields begin; made when a line is first asked for out of order.
    private var firstFields: [Int] = []
    private var isUsed: [Bool]
    /// Whether used lines may lie ahead.
    private var hasGoneBack = false
    private(set) var lines: [LineReference]
    private(set) var fields: [FieldState]

    /// Takes a layout apart; its first lines stay.
    init(_ layout: inout Layout, kept: Int, fields count: Int) {
        old = layout.lines
        oldFields = layout.fields
        layout.lines = []
        layout.fields = []
        isUsed = Array(repeating: false, count: old.count)
        lines = []
        fields = []
        lines.reserveCapacity(old.count + 8)
        fields.reserveCapacity(oldFields.count + 8)
        keep(from: 0, to: kept, fields: 0..<count)
    }

    /// Whether there is an old line at a place that is not used.
    @inline(__always)
    func isFree(_ place: Int) -> Bool { place < old.count && !isUsed[place] }

    /// Behind the last line of those that follow `place` and are not used; as far as it is worth looking.
    func freeEnd(_ place: Int) -> Int {
        guard hasGoneBack else { return old.count }
        var end = place
        while end < min(old.count, place + 64), !isUsed[end] { end += 1 }
        return end
    }

    /// Where the fields of an old line begin, `line` being one whose fields begin at `field`.
    mutating func firstField(of place: Int, line: Int, field: Int) -> Int {
        if place >= line, place - line < 64 {
            return old[line..<place].reduce(field) { $0 + $1.kind.fields }
        }
        if place < line { hasGoneBack = true }
        if firstFields.isEmpty {
            firstFields.reserveCapacity(old.count + 1)
            var first = 0
            for line in old {
                firstFields.append(first)
                first += line.kind.fields
            }
            firstFields.append(first)
        }
        return firstFields[place]
    }

    /// Old lines that follow each other stay.
    mutating func keep(from start: Int, to end: Int, fields range: Range<Int>) {
        for place in start..<end { isUsed[place] = true }
        lines.append(contentsOf: old[start..<end])
        fields.append(contentsOf: oldFields[range])
    }

    mutating func insert(_ line: LineReference, _ first: FieldState, _ second: FieldState) {
        lines.append(line)
        let count = line.kind.fields
        if count > 0 { fields.append(first) }
        if count > 1 { fields.append(second) }
    }

    /// Hands over the new layout; the texts of what is gone are let go.
    mutating func finish(_ layout: inout Layout) {
        if !layout.texts.isEmpty {
            var field = 0
            for (place, line) in old.enumerated() {
                let next = field + line.kind.fields
                if !isUsed[place] { for gone in field..<next { layout.texts.release(&oldFields[gone]) } }
                field = next
            }
        }
        layout.lines = lines
        layout.fields = fields
    }
}
