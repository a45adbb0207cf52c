import Glibc

/// Where an encoder is: in the body, and in the layout that the body is expected to have. Borrows the body.
@safe
struct LayoutWalk {
    let start: UnsafePointer<UInt8>
    var cursor: UnsafePointer<UInt8>
    let end: UnsafePointer<UInt8>
    /// The next line of the layout, and its first field.
    var line = 0
    var field = 0

    init(_ body: UnsafeBufferPointer<UInt8>) {
        unsafe start = body.baseAddress ?? EmptyMemory.start
        unsafe cursor = start
        unsafe end = start + body.count
    }

    var isAtEnd: Bool { unsafe cursor >= end }

    /// Bytes from the body's start.
    var offset: Int { unsafe cursor - start }

    /// Whether the line's text stands here.
    @inline(__always)
    func holds(_ line: LineReference) -> Bool {
        let length = line.length
        return unsafe end - cursor >= length && memcmp(cursor, line.text, length) == 0
    }

    /// Encodes lines as long as the body has them, at most to `count`, and moves behind them.
    mutating func follow(
        _ lines: UnsafeBufferPointer<LineReference>, to count: Int, _ fields: UnsafeMutableBufferPointer<FieldState>,
        _ texts: inout TextStore, _ encoder: inout FieldEncoder, _ model: FieldModel
    ) {
        // A body without fields has none to lend.
        var none = FieldState()
        unsafe withUnsafeMutablePointer(to: &none) { none in
            let first = unsafe fields.baseAddress ?? none
            var next = unsafe first + field
            var place = unsafe cursor
            var index = line
            while index < count {
                let line = unsafe lines[index]
                let length = line.length
                guard unsafe end - place >= length, unsafe memcmp(place, line.text, length) == 0 else { break }
                let token = unsafe place + length
                if line.kind == .text {
                    unsafe place = token
                } else if let behind = unsafe Self.encodeValue(line.kind, token, end, next, &texts, &encoder, model) {
                    unsafe place = behind
                    unsafe next += 1
                } else {
                    unsafe cursor = place
                    guard unsafe encodeRare(line.kind, token, next, &texts, &encoder, model) else { break }
                    unsafe place = cursor
                    unsafe next += line.kind.fields
                }
                index &+= 1
            }
            unsafe cursor = place
            line = index
            unsafe field = next - first
        }
    }

    /// Encodes the fields of a line whose text stands here, and moves behind it; false, and nothing is done, when what
    /// follows the text is not what the line's kind says.
    mutating func encode(
        _ line: LineReference, _ fields: UnsafeMutablePointer<FieldState>, _ texts: inout TextStore,
        _ encoder: inout FieldEncoder, _ model: FieldModel
    ) -> Bool {
        let token = unsafe cursor + line.length
        if line.kind == .text {
            unsafe cursor = token
            return true
        }
        if let behind = unsafe Self.encodeValue(line.kind, token, end, fields, &texts, &encoder, model) {
            unsafe cursor = behind
            return true
        }
        return unsafe encodeRare(line.kind, token, fields, &texts, &encoder, model)
    }

    /// A value and a line feed, as nearly all lines are; gives the place behind them, nil when it is something else.
    @inline(__always)
    private static func encodeValue(
        _ kind: LineReference.Kind, _ token: UnsafePointer<UInt8>, _ end: UnsafePointer<UInt8>,
        _ field: UnsafeMutablePointer<FieldState>, _ texts: inout TextStore, _ encoder: inout FieldEncoder,
        _ model: FieldModel
    ) -> UnsafePointer<UInt8>? {
        guard kind == .value, unsafe end - token > FarByteCursor.distance else { return nil }
        var next = unsafe FarByteCursor(token)
        guard let number = DecimalToken(&next), next.byte == 0x0A else { return nil }
        unsafe encoder.encode(value: number, &field.pointee, texts: &texts, model: model)
        return unsafe next.place + 1
    }

    private mutating func encodeRare(
        _ kind: LineReference.Kind, _ token: UnsafePointer<UInt8>, _ fields: UnsafeMutablePointer<FieldState>,
        _ texts: inout TextStore, _ encoder: inout FieldEncoder, _ model: FieldModel
    ) -> Bool {
        guard let tokenEnd = unsafe TokenScan.end(token, end) else { return false }
        var next = unsafe ByteCursor(token, before: tokenEnd)
        var number = DecimalToken(&next)
        if !next.isAtEnd { number = nil }
        var time: DecimalToken?
        var behind = unsafe tokenEnd
        switch kind {
        case .text: return false
        case .value:
            guard unsafe tokenEnd < end, unsafe tokenEnd.pointee == 0x0A else { return false }
            unsafe behind = tokenEnd + 1
        case .stamped:
            guard unsafe tokenEnd < end, unsafe tokenEnd.pointee == 0x20 else { return false }
            next = unsafe ByteCursor(tokenEnd + 1, before: end)
            time = DecimalToken(&next)
            guard time != nil, next.byte == 0x0A else { return false }
            unsafe behind = next.place + 1
        case .trailing: unsafe behind = TokenScan.lineEnd(tokenEnd, end)
        }
        if let number {
            unsafe encoder.encode(value: number, &fields[0], texts: &texts, model: model)
        } else {
            let text = unsafe UnsafeBufferPointer(start: token, count: tokenEnd - token)
            unsafe encoder.encode(value: text, &fields[0], texts: &texts, model: model)
        }
        if let time {
            unsafe encoder.encode(time: time, &fields[1], texts: &texts, model: model)
        } else if kind == .trailing {
            let rest = unsafe UnsafeBufferPointer(start: tokenEnd, count: behind - tokenEnd)
            unsafe encoder.encode(rest: rest, &fields[1], texts: &texts, model: model)
        }
        unsafe cursor = behind
        return true
    }
}
