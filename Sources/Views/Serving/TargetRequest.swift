/// A request for a target's page, whoever parsed it: the event loop or the router.
struct TargetRequest: Sendable {
    var read: PlainRead
    /// Whether every sample gets the scrape's own time.
    let timestamps: Bool
    /// The values of its `Accept` headers.
    let accept: [String]
    /// Without the body.
    var isHead = false
    /// The reader asked for the connection to be closed behind the answer.
    var closes = false
}
