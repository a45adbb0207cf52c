import NIOCore

/// Reads what `FieldEncoder` wrote.
struct FieldDecoder {
    private var reader: FieldReader
    private var values = FieldLane(number: 0)
    private var times = FieldLane(number: 1)

    /// Borrows the streams for its life.
    init(range: UnsafeBufferPointer<UInt8>, bits: UnsafeBufferPointer<UInt8>, specials: ByteBuffer) {
        reader = unsafe FieldReader(range: range, bits: bits, specials: specials)
    }

    /// Whether any field was not what it had been.
    var didChange: Bool { reader.didChange }

    @inline(__always)
    mutating func decode(
        value field: inout FieldState, texts: inout TextStore, model: FieldModel
    ) throws(ScrapeCodecError) { try reader.decode(&field, &values, &texts, model) }

    /// What stands behind a value.
    mutating func decode(
        second field: inout FieldState, texts: inout TextStore, model: FieldModel
    ) throws(ScrapeCodecError) { try reader.decode(&field, &times, &texts, model) }
}
