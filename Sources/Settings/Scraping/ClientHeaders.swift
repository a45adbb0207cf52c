// The headers that a client configuration adds to its requests, made anew so that files count as they are now.
extension HTTPSDConfig {
    /// - Throws: `SettingsError` naming a file that cannot be read.
    package func clientHeaders() throws(SettingsError) -> [(String, String)] {
        try ClientHeader.all(authorization, httpHeaders)
    }
}

extension ScrapeConfig {
    /// - Throws: `SettingsError` naming a file that cannot be read.
    package func clientHeaders() throws(SettingsError) -> [(String, String)] {
        try ClientHeader.all(authorization, httpHeaders)
    }
}

extension ClientHeader {
    fileprivate static func all(
        _ authorization: ClientAuthorization?, _ more: [ClientHeader]
    ) throws(SettingsError) -> [(String, String)] {
        var headers: [(String, String)] = []
        if let authorization { headers.append(("Authorization", try authorization.header().value)) }
        for header in more {
            for value in header.values { headers.append((header.name, try value.read().value)) }
        }
        return headers
    }
}
