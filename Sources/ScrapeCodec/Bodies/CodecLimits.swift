/// What a codec keeps at most. The encoder stays within them; the decoder refuses what goes beyond.
package struct CodecLimits: Sendable, Hashable {
    /// Bytes of one decoded body.
    package var bodyBytes: Int
    /// Lines of one body; one that has more is stored whole.
    package var bodyLines: Int
    /// Lines and bytes of text that a segment's dictionary holds; what is beyond travels in the records.
    package var dictionaryLines: Int
    package var dictionaryBytes: Int
    /// Lines of all of an agent's targets together, each held for its newest body.
    package var totalLines: Int
    /// Bytes of bodies and texts, of all of an agent's targets, that are kept outside of the dictionary.
    package var totalBytes: Int

    package init(
        bodyBytes: Int = 64 << 20, bodyLines: Int = 1 << 20, dictionaryLines: Int = 1_000_000,
        dictionaryBytes: Int = 64 << 20, totalLines: Int = 16 << 20, totalBytes: Int = 256 << 20
    ) {
        self.bodyBytes = bodyBytes
        self.bodyLines = bodyLines
        self.dictionaryLines = dictionaryLines
        self.dictionaryBytes = dictionaryBytes
        self.totalLines = totalLines
        self.totalBytes = totalBytes
    }

    var dictionary: LineDictionary.Limits { .init(lines: dictionaryLines, bytes: dictionaryBytes) }
}
