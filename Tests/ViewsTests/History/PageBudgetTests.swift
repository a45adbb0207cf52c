import Testing

@testable import Views

/// Pages under way are bounded, whatever the number of readers.
@Suite struct PageBudgetTests {
    @Test func `who finds no room waits for it in turn, and no longer than it may`() async throws {
        let budget = PageBudget(bytes: 10)
        let first = try #require(await budget.reserve(8, atMost: .zero))
        #expect(await budget.reserve(4, atMost: .zero) == nil)
        #expect(await budget.reserve(4, atMost: .milliseconds(10)) == nil)
        #expect(budget.free == 2)
        async let second = budget.reserve(4, atMost: .seconds(60))
        first.settle(5)
        #expect(await second != nil)
        first.release()
        first.release()
        try await eventually("all is given back") { budget.free == 6 || budget.free == 10 }
    }

    @Test func `room is given back with its lease, and many may wait`() async {
        let budget = PageBudget(bytes: 10)
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask {
                    guard let lease = await budget.reserve(4, atMost: .seconds(60)) else { return false }
                    await Task.yield()
                    lease.settle(11)
                    return true
                }
            }
            for await hasRead in group { #expect(hasRead) }
        }
        #expect(budget.free == 10)
    }

    @Test func `a reader that finds no room is told to come again, and nothing moves`() async throws {
        let stage = try HistoryStage()
        let id = try stage.target()
        stage.scrape(id, 1)
        let all = try #require(await stage.budget.reserve(64 << 20, atMost: .zero))
        #expect(await stage.read(id).status == 503)
        all.release()
        #expect(await stage.readWell(id) == "n 1 1000000\n")
        #expect(stage.budget.free == 64 << 20)
    }
}
