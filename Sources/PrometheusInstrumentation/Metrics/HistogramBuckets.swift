/// The upper bounds of a histogram's buckets, each inclusive; the last bucket, `+Inf`, is always there.
///
/// Bounds must be strictly increasing numbers; registration says so when they are not. At most 1,000 are taken.
public struct HistogramBuckets: Sendable, Hashable, ExpressibleByArrayLiteral {
    /// The bounds as given.
    public let upperBounds: [Double]
    /// Why no bounds could be computed, if so.
    private let problem: String?

    static let largestCount = 1_000

    /// Takes the bounds as they are.
    public init(_ upperBounds: [Double]) {
        self.upperBounds = upperBounds
        self.problem = nil
    }

    /// Takes the bounds as they are.
    public init(arrayLiteral elements: Double...) {
        self.init(elements)
    }

    private init(problem: String) {
        self.upperBounds = []
        self.problem = problem
    }

    /// The bounds every Prometheus library has by default, made for durations of requests in seconds: 5 ms to 10 s.
    public static let standard: HistogramBuckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

    /// `count` bounds, the first at `start`, each `width` above the one before.
    public static func linear(start: Double, width: Double, count: Int) -> HistogramBuckets {
        guard (1...largestCount).contains(count) else { return badCount(count) }
        return computed((0..<count).map { start + Double($0) * width })
    }

    /// `count` bounds, the first at `start`, each `factor` times the one before.
    public static func exponential(start: Double, factor: Double, count: Int) -> HistogramBuckets {
        guard (1...largestCount).contains(count) else { return badCount(count) }
        var bounds: [Double] = []
        var bound = start
        for _ in 0..<count {
            bounds.append(bound)
            bound *= factor
        }
        return computed(bounds)
    }

    private static func computed(_ bounds: [Double]) -> HistogramBuckets {
        guard bounds.allSatisfy(\.isFinite) else {
            return HistogramBuckets(problem: "the computed bounds go beyond what a double holds")
        }
        return HistogramBuckets(bounds)
    }

    private static func badCount(_ count: Int) -> HistogramBuckets {
        HistogramBuckets(problem: "the number of buckets must be 1 to \(largestCount), not \(count)")
    }

    /// The checked bounds, without `+Inf`.
    func layout(for name: String) throws(RegistrationError) -> BucketLayout {
        if let problem { throw RegistrationError(.invalidBuckets, name, problem) }
        let bounds = upperBounds.last == .infinity ? Array(upperBounds.dropLast()) : upperBounds
        guard bounds.count <= Self.largestCount else {
            throw RegistrationError(
                .invalidBuckets, name, "\(bounds.count) buckets, at most \(Self.largestCount) are allowed")
        }
        guard bounds.allSatisfy(\.isFinite) else {
            throw RegistrationError(.invalidBuckets, name, "bucket bounds must be numbers; +Inf may only be the last")
        }
        for (lower, upper) in zip(bounds, bounds.dropFirst()) where lower >= upper {
            throw RegistrationError(
                .invalidBuckets, name,
                "bucket bounds must increase: \(FloatText.string(upper)) follows \(FloatText.string(lower))")
        }
        return BucketLayout(upperBounds: bounds)
    }
}
