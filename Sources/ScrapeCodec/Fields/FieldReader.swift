import NIOCore

/// Reads what `FieldWriter` wrote. Borrows a body's three streams.
struct FieldReader {
    private var range: RangeDecoder
    private var bits: BitReader
    private var specials: ByteBuffer
    /// Whether any field was not what it had been.
    private(set) var didChange = false

    init(range: UnsafeBufferPointer<UInt8>, bits: UnsafeBufferPointer<UInt8>, specials: ByteBuffer) {
        self.range = unsafe RangeDecoder(range)
        self.bits = unsafe BitReader(bits)
        self.specials = specials
    }

    @inline(__always)
    mutating func decode(
        _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore, _ model: FieldModel
    ) throws(ScrapeCodecError) {
        let context = field.context(lane)
        if field.isFresh { lane.prepare(&field) }
        guard unsafe range.decode(&model.probabilities[context]) else {
            field.noteUnchanged()
            lane.didChange = false
            return
        }
        didChange = true
        lane.didChange = true
        try change(&field, &lane, &texts, model)
        field.noteChanged()
    }

    private mutating func change(
        _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore, _ model: FieldModel
    ) throws(ScrapeCodecError) {
        var difference: Int64 = 0
        if let neighbour = lane.difference {
            let isHit = unsafe range.decode(&model.probabilities[field.neighbourContext(lane)])
            lane.wasNeighbours = isHit
            field.note(neighbourHit: isHit)
            if isHit { difference = neighbour }
        }
        if difference == 0 {
            guard let own = try read(&field, model) else { return try readSpecial(&field, &lane, &texts) }
            difference = own
            lane.difference = own
        }
        guard let style = NumberStyle(rawValue: field.style), let last = field.token,
            let old = FieldState.value(last, scale: field.scale)
        else { throw Self.malformed("a difference where there is no number") }
        let (value, overflow) = old.addingReportingOverflow(difference)
        guard !overflow, let token = style.token(value: value, scale: field.scale) else {
            throw Self.malformed("a number beyond 64 bits")
        }
        field.hold(token)
    }

    /// A difference; nil when a special has to tell.
    private mutating func read(_ field: inout FieldState, _ model: FieldModel) throws(ScrapeCodecError) -> Int64? {
        guard let width = WidthCode.read(&bits, after: Int(field.magnitude)) else {
            throw Self.malformed("a difference beyond 64 bits")
        }
        guard width > 0 else { return nil }
        field.magnitude = UInt8(truncatingIfNeeded: width)
        let context = FieldModel.sign &+ (field.isFalling ? 4 : 0) &+ min(width, 3)
        let isFalling = unsafe range.decode(&model.probabilities[context])
        field.isFalling = isFalling
        let magnitude = 1 &<< UInt64(width &- 1) | bits.read(width: width &- 1)
        let signed = isFalling ? 0 &- Int64(truncatingIfNeeded: magnitude) : Int64(truncatingIfNeeded: magnitude)
        guard magnitude <= 1 << 63, isFalling == (signed < 0) else {
            throw Self.malformed("a difference beyond 64 bits")
        }
        return signed
    }

    private mutating func readSpecial(
        _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore
    ) throws(ScrapeCodecError) {
        guard let tag: UInt8 = specials.readInteger() else { throw Self.malformed("a special that is not there") }
        if tag == FieldSpecial.text {
            let text = try specials.readCounted("special")
            texts.set(&field, Array(buffer: text))
            return
        }
        texts.release(&field)
        if let style = NumberStyle(rawValue: tag) {
            guard let scale: Int8 = specials.readInteger() else { throw Self.malformed("a special's scale") }
            let value = try specials.readZigzag("special")
            guard let token = style.token(value: value, scale: scale) else {
                throw Self.malformed("a special's number")
            }
            field.hold(token)
            field.style = style.rawValue
            field.scale = scale
            lane.style = style.rawValue
            return
        }
        let form = tag &- FieldSpecial.firstSymbol
        guard tag >= FieldSpecial.firstSymbol, FieldSpecial.text(form) != nil else {
            throw Self.malformed("a special of unknown kind \(tag)")
        }
        field.hold(form: form)
    }

    private static func malformed(_ message: String) -> ScrapeCodecError {
        ScrapeCodecError(code: .malformed, message: message, culprit: "fields")
    }
}
