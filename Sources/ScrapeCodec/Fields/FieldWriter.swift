import NIOCore

/// The three streams that a body's fields become: probable decisions, plain bits, and specials for whatever is not a
/// difference.
struct FieldWriter {
    var range = RangeEncoder()
    var bits = BitWriter()
    private(set) var specials = ByteBuffer()

    mutating func reset() {
        range.reset()
        bits.reset()
        specials.clear()
    }

    /// A field that is a decimal token now.
    @inline(__always)
    mutating func encode(
        _ token: DecimalToken, _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore,
        _ model: FieldModel
    ) {
        guard field.holds(token) else { return change(token, &field, &lane, &texts, model) }
        unsafe range.encodeZero(&model.probabilities[field.context(lane)])
        field.noteUnchanged()
        lane.didChange = false
    }

    /// A field that was something else, or nothing.
    private mutating func change(
        _ token: DecimalToken, _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore,
        _ model: FieldModel
    ) {
        if field.isFresh {
            let context = field.context(lane)
            lane.prepare(&field)
            guard field.holds(token) else { return change(token, &field, &lane, &texts, model, context) }
            unsafe range.encodeZero(&model.probabilities[context])
            lane.didChange = false
            return
        }
        if field.form == FieldState.Form.text, Self.special(token, field) == nil {
            // A number that no style writes, where a text was: it may be the same text.
            unsafe Self.text(of: token).withUnsafeBufferPointer { unsafe encode($0, &field, &lane, &texts, model) }
            return
        }
        change(token, &field, &lane, &texts, model, field.context(lane))
    }

    private mutating func change(
        _ token: DecimalToken, _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore,
        _ model: FieldModel, _ context: Int
    ) {
        unsafe range.encode(true, &model.probabilities[context])
        lane.didChange = true
        defer { field.noteChanged() }
        guard let difference = Self.difference(token, field) else {
            announceSpecial(&field, &lane, model)
            texts.release(&field)
            return writeSpecial(token, &field, &lane, &texts)
        }
        field.hold(token)
        if let neighbour = lane.difference {
            let isHit = neighbour == difference
            unsafe range.encode(isHit, &model.probabilities[field.neighbourContext(lane)])
            lane.wasNeighbours = isHit
            field.note(neighbourHit: isHit)
            if isHit { return }
        }
        lane.difference = difference
        write(difference, &field, model)
    }

    /// What has to be added to the field's value; nil when that does not lead to this token.
    @inline(__always)
    private static func difference(_ token: DecimalToken, _ field: FieldState) -> Int64? {
        guard let style = NumberStyle(rawValue: field.style), style.writes(token, scale: field.scale),
            let last = field.token
        else { return nil }
        if last.form == .plain, token.form == .plain, last.exponent == field.scale, token.exponent == field.scale {
            // Of at most eighteen digits each: no overflow.
            return token.mantissa &- last.mantissa
        }
        guard let old = FieldState.value(last, scale: field.scale),
            let new = FieldState.value(token, scale: field.scale)
        else { return nil }
        let (difference, overflow) = new.subtractingReportingOverflow(old)
        return overflow || difference == 0 ? nil : difference
    }

    @inline(__always)
    private mutating func write(_ difference: Int64, _ field: inout FieldState, _ model: FieldModel) {
        let magnitude = difference.magnitude
        let width = 64 &- magnitude.leadingZeroBitCount
        let isFalling = difference < 0
        let context = FieldModel.sign &+ (field.isFalling ? 4 : 0) &+ min(width, 3)
        unsafe range.encode(isFalling, &model.probabilities[context])
        field.isFalling = isFalling
        let code = WidthCode.code(width, after: Int(field.magnitude))
        field.magnitude = UInt8(truncatingIfNeeded: width)
        // The highest bit is always one.
        let rest = magnitude & (1 &<< UInt64(width &- 1) &- 1)
        guard code.length &+ width <= 33 else {
            bits.write(code.bits, width: code.length)
            return bits.write(rest, width: width &- 1)
        }
        bits.write(code.bits | rest &<< UInt64(code.length), width: code.length &+ width &- 1)
    }

    // MARK: Whatever is no difference

    /// A difference of no bits, and not the neighbour's.
    private mutating func announceSpecial(_ field: inout FieldState, _ lane: inout FieldLane, _ model: FieldModel) {
        if lane.difference != nil {
            unsafe range.encode(false, &model.probabilities[field.neighbourContext(lane)])
            lane.wasNeighbours = false
            field.note(neighbourHit: false)
        }
        let code = WidthCode.code(0, after: Int(field.magnitude))
        bits.write(code.bits, width: code.length)
    }

    private mutating func writeSpecial(
        _ token: DecimalToken, _ field: inout FieldState, _ lane: inout FieldLane, _ texts: inout TextStore
    ) {
        guard let (style, value, scale) = Self.special(token, field) else {
            return writeText(Self.text(of: token), &field, &texts)
        }
        specials.writeInteger(style.rawValue)
        specials.writeInteger(scale)
        specials.writeZigzag(value)
        field.hold(token)
        field.style = style.rawValue
        field.scale = scale
        lane.style = style.rawValue
    }

    /// How a number is told without the one before: counted in ones at least, as counters move by; in the token's own
    /// unit when it is too large for that. Nil when no style writes it.
    private static func special(
        _ token: DecimalToken, _ field: FieldState
    ) -> (style: NumberStyle, value: Int64, scale: Int8)? {
        let preferred = NumberStyle(rawValue: field.style) ?? .go
        guard let style = NumberStyle.style(of: token, preferred: preferred) else { return nil }
        let own = style == .fixed ? Int(token.exponent) : token.scale
        for scale in [min(own, 0), own] {
            guard let scale = Int8(exactly: scale) else { return nil }
            if let value = FieldState.value(token, scale: scale) { return (style, value, scale) }
        }
        return nil
    }

    private static func text(of token: DecimalToken) -> [UInt8] {
        unsafe [UInt8](unsafeUninitializedCapacity: DecimalToken.maximumLength) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var output = unsafe ByteOutput(start)
            token.write(to: &output)
            count = unsafe output.place - start
        }
    }

    private mutating func writeText(_ text: [UInt8], _ field: inout FieldState, _ texts: inout TextStore) {
        specials.writeInteger(FieldSpecial.text)
        specials.writeVarint(UInt64(text.count))
        specials.writeBytes(text)
        texts.set(&field, text)
    }

    /// A field that is no decimal token now.
    mutating func encode(
        _ text: UnsafeBufferPointer<UInt8>, _ field: inout FieldState, _ lane: inout FieldLane,
        _ texts: inout TextStore, _ model: FieldModel
    ) {
        let context = field.context(lane)
        if field.isFresh { lane.prepare(&field) }
        let symbol = unsafe FieldSpecial.symbol(text)
        let isSame: Bool
        if let symbol {
            isSame = field.form == symbol
        } else {
            isSame = unsafe field.form == FieldState.Form.text && texts[field].elementsEqual(text)
        }
        unsafe range.encode(!isSame, &model.probabilities[context])
        lane.didChange = !isSame
        guard !isSame else { return field.noteUnchanged() }
        defer { field.noteChanged() }
        announceSpecial(&field, &lane, model)
        if let symbol {
            texts.release(&field)
            specials.writeInteger(FieldSpecial.firstSymbol + symbol)
            field.hold(form: symbol)
        } else {
            unsafe writeText(Array(text), &field, &texts)
        }
    }
}
