/// How a budget is divided among those who share it: all get the same, and what some do not need goes to the others.
package enum FairShare {
    /// The most that any of them may use, so that all together stay within the budget; `.max` when they do already.
    ///
    /// Who uses less keeps all it has; who uses more loses down to this.
    package static func limit(of uses: [UInt64], within budget: UInt64) -> UInt64 {
        var rest = budget
        for (index, use) in uses.sorted().enumerated() {
            let share = rest / UInt64(uses.count - index)
            guard use <= share else { return share }
            rest -= use
        }
        return .max
    }
}
