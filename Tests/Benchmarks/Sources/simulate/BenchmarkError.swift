/// Why a part of the surroundings cannot run, as one sentence for the person who started it.
struct BenchmarkError: Error, CustomStringConvertible {
    /// What is wrong and what was expected.
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
