import ScrapeLog
import TestSupport
import Testing

@Suite struct LogRangeSetTests {
    private func range(_ from: UInt64, _ to: UInt64) -> LogRange { LogRange(epoch: 1, from: from, to: to) }

    @Test func `touching ranges become one`() {
        var set = LogRangeSet([range(0, 10), range(20, 30)])
        #expect(set.ranges == [range(0, 10), range(20, 30)])
        set.insert(range(10, 20))
        #expect(set.ranges == [range(0, 30)])
        set.remove(range(5, 6))
        #expect(set.ranges == [range(0, 5), range(6, 30)])
        #expect(set.missing(from: range(4, 40)) == [range(5, 6), range(30, 40)])
        #expect(set.contains(range(7, 29)))
        #expect(!set.contains(range(4, 7)))
    }

    @Test(arguments: 0..<20)
    func `it behaves as a set of numbers`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var set = LogRangeSet()
        var model: Set<UInt64> = []
        for _ in 0..<300 {
            let from = UInt64.random(in: 0..<60, using: &random)
            let to = UInt64.random(in: 0..<60, using: &random)
            if UInt8.random(in: 0..<3, using: &random) == 0 {
                set.remove(range(from, to))
                if from < to { model.subtract(from..<to) }
            } else {
                set.insert(range(from, to))
                if from < to { model.formUnion(from..<to) }
            }
            #expect(Set(set.ranges.flatMap { $0.from..<$0.to }) == model, "seed \(seed)")
            let missing = set.missing(from: range(10, 50)).flatMap { $0.from..<$0.to }
            #expect(missing == (10..<50).filter { !model.contains($0) }, "seed \(seed)")
        }
    }
}
