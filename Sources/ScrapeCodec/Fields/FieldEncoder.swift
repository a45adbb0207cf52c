/// Writes the fields of one body: a bit or less for what stayed, a short difference for what moved.
///
/// Owns what is under way in each lane, and the writer's memory, which is used again from body to body.
struct FieldEncoder {
    private(set) var writer = FieldWriter()
    private var values = FieldLane(number: 0)
    private var times = FieldLane(number: 1)

    /// Begins a body.
    mutating func reset() {
        writer.reset()
        values = FieldLane(number: 0)
        times = FieldLane(number: 1)
    }

    /// Nothing follows in this body.
    mutating func finish() {
        writer.range.finish()
    }

    /// A value that is a decimal token now.
    @inline(__always)
    mutating func encode(
        value: DecimalToken, _ field: inout FieldState, texts: inout TextStore, model: FieldModel
    ) { writer.encode(value, &field, &values, &texts, model) }

    /// A time that is a decimal token now.
    mutating func encode(time: DecimalToken, _ field: inout FieldState, texts: inout TextStore, model: FieldModel) {
        writer.encode(time, &field, &times, &texts, model)
    }

    /// A value that is no decimal token now.
    mutating func encode(
        value: UnsafeBufferPointer<UInt8>, _ field: inout FieldState, texts: inout TextStore, model: FieldModel
    ) { unsafe writer.encode(value, &field, &values, &texts, model) }

    /// What stands behind a value and is no time.
    mutating func encode(
        rest: UnsafeBufferPointer<UInt8>, _ field: inout FieldState, texts: inout TextStore, model: FieldModel
    ) { unsafe writer.encode(rest, &field, &times, &texts, model) }
}
