import Testing

/// A condition that did not come true in time.
struct NotInTime: Error, CustomStringConvertible {
    let what: String
    let limit: Duration
    /// What was seen at the last look.
    let last: String

    var description: String { "not within \(limit): \(what)\(last.isEmpty ? "" : "; last seen: \(last)")" }
}

/// Looks again and again until `look` returns a value, and returns it; throws when `limit` has passed. An error that a look
/// throws counts as "not yet" and is shown when time is up.
@discardableResult
func eventually<Value>(
    _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(30),
    _ look: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + limit
    while true {
        var last = ""
        do {
            if let value = try await look() { return value }
        } catch {
            last = "\(error)"
        }
        guard ContinuousClock.now < deadline else { throw NotInTime(what: what, limit: limit, last: last) }
        try await Task.sleep(for: pause)
    }
}

/// The same for a condition.
func eventually(
    _ what: String, within limit: Duration = .seconds(20), every pause: Duration = .milliseconds(30),
    holds condition: () async throws -> Bool
) async throws {
    try await eventually(what, within: limit, every: pause) { try await condition() ? true : nil }
}
