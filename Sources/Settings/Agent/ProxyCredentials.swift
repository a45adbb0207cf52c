/// User and password for a proxy's basic authentication.
package struct ProxyCredentials: Sendable, Hashable {
    /// The user, without a colon.
    package var username: String
    /// The password; may be empty.
    package var password: Secret

    /// Credentials from both parts.
    package init(username: String, password: Secret) {
        self.username = username
        self.password = password
    }

    /// Why basic authentication cannot carry these credentials.
    var mistake: String? {
        if username.isEmpty { return "expected a user before the password, found none" }
        if username.contains(":") { return "expected a user without a colon" }
        let isControl: (UInt8) -> Bool = { $0 < 0x20 || $0 == 0x7f }
        if username.utf8.contains(where: isControl) || password.value.utf8.contains(where: isControl) {
            return "expected user and password without control characters"
        }
        return nil
    }

    /// The credentials of a `basic_auth` section; a password file is read now, so that a reload reads it again.
    static func read(_ reader: MappingReader) -> ProxyCredentials? {
        let username = reader.required("username", expected: "the user the proxy knows")
        let password = reader.string("password")
        let file = reader.string("password_file")
        reader.finish { $0 == "username_file" ? UnsupportedKeys.sentence($0) : nil }
        if password != nil, let file {
            reader.log.add(.conflict, at: file.key, "password_file: password is given too: expected one of the two")
        }
        var secret = password.map { Secret($0.value) } ?? Secret("")
        if let file {
            let path = ReferencedFile.path(file, key: "password_file", holding: .password, log: reader.log)
            if let bytes = try? SourceFile.read(path, limit: 64 << 10, cure: "") {
                secret = Secret(trimmed(String(decoding: bytes, as: UTF8.self)))
            }
        }
        guard let username else { return nil }
        let credentials = ProxyCredentials(username: username.value, password: secret)
        if let mistake = credentials.mistake {
            reader.log.add(.invalidValue, at: username.position, "\(reader.name): \(mistake)")
        }
        return credentials
    }

    /// Without white space at both ends, as Prometheus reads secrets from files.
    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars.drop { $0.properties.isWhitespace }
        guard let end = scalars.lastIndex(where: { !$0.properties.isWhitespace }) else { return "" }
        return String(scalars[...end])
    }
}
