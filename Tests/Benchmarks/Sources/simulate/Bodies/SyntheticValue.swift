/// One series' value and how it moves; a decimal, so that it prints as an exporter prints it.
struct SyntheticValue: Sendable {
    /// How often a value moves.
    private enum Mobility {
        case never, everySecondTime, always
    }

    /// Digits behind the decimal point of `mantissa`.
    let decimals: Int
    private let isCounter: Bool
    private let mobility: Mobility
    /// The typical size of a step, at least 1.
    private let step: UInt64
    private(set) var mantissa: Int64

    /// A value of `kind`; over all series a share of `moving` moves at a scrape: three quarters of these are series
    /// that always move, one quarter is what series that move every second time add.
    init(kind: SyntheticLayout.Kind, moving: Double, random: inout SplitMix) {
        let dice = Double.random(in: 0..<1, using: &random)
        mobility = dice < moving * 0.75 ? .always : dice < moving * 1.25 ? .everySecondTime : .never
        switch kind {
        case .integerCounter:
            isCounter = true
            decimals = 0
            step = [1, 10, 100, 5_000, 200_000][Int(random.below(5))]
            mantissa = Int64(step * (1 + random.below(20_000)) + random.below(step))
        case .secondsCounter:
            isCounter = true
            decimals = [2, 2, 6, 9][Int(random.below(4))]
            step = [3, 5_000, 2_000_000][decimals == 2 ? 0 : decimals == 6 ? 1 : 2]
            mantissa = Int64(step * (1 + random.below(20_000)) + random.below(step))
        case .integerGauge:
            isCounter = false
            decimals = 0
            step = [1, 4, 4_096, 65_536][Int(random.below(4))]
            mantissa = Int64(step * (50 + random.below(5_000)) + random.below(step))
        case .ratioGauge:
            isCounter = false
            decimals = [2, 3, 4, 15][Int(random.below(4))]
            step = decimals == 15 ? 10_000_000_000_000 : 10
            mantissa = Int64(step * (10 + random.below(90)) + random.below(step))
        }
        // As in real exporters, most of what stands still is zero or small: 40 % of all values are zero.
        if case .never = mobility {
            let dice = random.below(10)
            if dice < 6 { mantissa = 0 } else if dice < 8 { mantissa = Int64(random.below(200)) }
        }
    }

    /// One scrape later.
    mutating func advance(_ random: inout SplitMix) {
        switch mobility {
        case .never: return
        case .everySecondTime: guard random.next() & 1 == 0 else { return }
        case .always: break
        }
        let change = Int64(1 + random.below(2 * step))
        // Counters never go back; gauges walk, and turn round at zero.
        if isCounter || random.next() & 1 == 0 || mantissa <= change {
            mantissa += change
        } else {
            mantissa -= change
        }
    }
}
