import FoundationEssentials

/// How requests to the targets of a job are authorized.
package enum ClientAuthorization: Sendable, Hashable {
    /// HTTP basic authentication; a part that is missing is empty.
    case basic(username: SecretText?, password: SecretText?)
    /// `Authorization: TYPE CREDENTIALS`.
    case credentials(type: String, SecretText?)

    /// The value of the header `Authorization` now.
    ///
    /// - Throws: `SettingsError` naming a file that cannot be read, or holds what no header can carry.
    package func header() throws(SettingsError) -> Secret {
        switch self {
        case .basic(let username, let password):
            let pair = try Self.text(username) + ":" + Self.text(password)
            return Secret("Basic " + Data(pair.utf8).base64EncodedString())
        case .credentials(let type, let credentials): return Secret(type + " " + (try Self.text(credentials)))
        }
    }

    private static func text(_ text: SecretText?) throws(SettingsError) -> String { try text?.read().value ?? "" }

    /// What of `basic_auth`, `authorization`, `bearer_token` and `bearer_token_file` is there; more than one is a problem.
    static func read(_ reader: MappingReader) -> ClientAuthorization? {
        let kinds = ["basic_auth", "authorization", "bearer_token", "bearer_token_file"].filter { reader.has($0) }
        let basic = reader.mapping("basic_auth").map { readBasic($0) }
        let authorization = reader.mapping("authorization").map { readAuthorization($0) }
        let token = SecretText.read("bearer_token", reader)
        if kinds.count > 1, let second = kinds.last, let place = reader.position(of: second) {
            reader.log.add(
                .conflict, at: place, "\(second): \(kinds[0]) is given too: expected at most one of them")
        }
        return basic ?? authorization ?? token.map { .credentials(type: "Bearer", $0) }
    }

    private static func readBasic(_ reader: MappingReader) -> ClientAuthorization {
        let username = SecretText.read("username", reader)
        let password = SecretText.read("password", reader)
        reader.finish()
        return .basic(username: username, password: password)
    }

    private static func readAuthorization(_ reader: MappingReader) -> ClientAuthorization {
        let credentials = SecretText.read("credentials", reader)
        var type = "Bearer"
        if let found = reader.string("type"), !found.value.isEmpty {
            let trimmed = found.value.filter { $0 != " " }
            if trimmed.lowercased() == "basic" {
                reader.log.add(
                    .invalidValue, at: found.position, "type: basic is written as basic_auth: username and password")
            } else if !HeaderSyntax.isToken(trimmed) {
                reader.reject(
                    "type", at: found.position, expected: "a word such as Bearer", found: Quotation.quote(found.value))
            }
            type = trimmed
        }
        reader.finish()
        return .credentials(type: type, credentials)
    }
}
