/// What may stand in an HTTP header.
enum HeaderSyntax {
    /// Whether it is a header's name, or another word of HTTP (RFC 9110, section 5.6.2).
    static func isToken(_ text: String) -> Bool {
        let marks = "!#$%&'*+-.^_`|~".utf8
        return !text.isEmpty
            && text.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || marks.contains(byte)
            }
    }
}
