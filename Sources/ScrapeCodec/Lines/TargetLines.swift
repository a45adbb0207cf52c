/// The list of lines of one target's body, without their numbers: the same for all readers of the target, scrape after
/// scrape. Keeps the texts alive.
package struct TargetLines: Sendable {
    let dictionary: LineDictionary
    let lines: [LineReference]

    /// What it costs in memory, bytes.
    package var cost: Int { lines.count * MemoryLayout<LineReference>.stride }

    func isSame(as layout: Layout) -> Bool {
        dictionary === layout.dictionary && lines.count == layout.lines.count
            && zip(lines, layout.lines).allSatisfy { unsafe $0.text == $1.text }
    }
}
