/// One body's share of a `BodyBudget`, from its first byte until it has been handed over.
///
/// Owns the number of bytes it took, and whether its reader has been told to stop.
final class BodyLease {
    private let budget: BodyBudget
    private let resume: () -> Void
    private var held = 0
    private var isOpen = true
    private(set) var isPaused = false

    init(budget: BodyBudget, resume: @escaping () -> Void) {
        self.budget = budget
        self.resume = resume
    }

    /// Accounts for a body that has `total` bytes by now.
    func hold(_ total: Int) -> BodyBudget.Verdict {
        guard isOpen, total > held else { return isPaused ? .pause : .proceed }
        let more = total - held
        held = total
        let verdict = budget.take(more, for: self)
        if case .pause = verdict { isPaused = true }
        return verdict
    }

    /// Gives everything back; a second call does nothing.
    func close() {
        guard isOpen else { return }
        isOpen = false
        isPaused = false
        budget.close(self, holding: held)
    }

    func wake() {
        guard isOpen, isPaused else { return }
        isPaused = false
        resume()
    }
}
