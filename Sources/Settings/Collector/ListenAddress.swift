/// The `listen_address` of a section.
enum ListenAddress {
    static func read(_ reader: MappingReader) -> HostPort? {
        guard let text = reader.string("listen_address", expected: "host:port") else { return nil }
        do {
            return try HostPort.parse(text.value, listening: true)
        } catch {
            reader.reject(
                "listen_address", at: text.position, expected: error.expected, found: Quotation.quote(text.value))
            return nil
        }
    }
}
