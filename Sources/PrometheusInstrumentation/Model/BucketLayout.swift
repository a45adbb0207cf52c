/// The checked buckets of a histogram and the text of their `le` labels.
struct BucketLayout: Sendable {
    /// Finite upper bounds, strictly increasing; `+Inf` follows unsaid.
    let upperBounds: [Double]
    /// `le="0.5"} ` per bucket, `+Inf` last.
    let suffixes: [[UInt8]]

    init(upperBounds: [Double]) {
        self.upperBounds = upperBounds
        self.suffixes = (upperBounds + [.infinity]).map { bound in
            var text = Array("le=\"".utf8)
            FloatText.append(bound, to: &text)
            text.append(contentsOf: "\"} ".utf8)
            return text
        }
    }

    /// The bucket that counts a value: the first whose bound is not below it.
    func index(of value: Double) -> Int {
        var low = 0
        var high = upperBounds.count
        while low < high {
            let middle = (low &+ high) / 2
            if upperBounds[middle] < value { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
