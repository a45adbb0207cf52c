/// Why a benchmark, or a part of its surroundings, cannot run, as one sentence for the person who started it.
package struct BenchmarkError: Error, CustomStringConvertible {
    /// What is wrong and what was expected.
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}
