/// What a simulated target says, scrape after scrape.
protocol BodySource: Sendable {
    /// The next scrape's body.
    mutating func next() throws -> RenderedBody
}
