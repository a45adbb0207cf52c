import Exposition
import NIOCore

/// Turns the body of one scrape into edits of its target's layout and the streams of its fields.
///
/// Owns the dictionary of the segment with its index, and scratch memory that is used again from body to body.
struct LineEncoder {
    private let limits: CodecLimits
    private(set) var dictionary: LineDictionary
    private var index = LineIndex()
    private var fieldEncoder = FieldEncoder()
    private var edits = LayoutEdits()
    /// Lines that were added to the dictionary, as they are told to the decoder.
    private var newLines = ByteBuffer()
    /// Lines that the dictionary had no room for, as they are told to the decoder.
    private var ownLines = ByteBuffer()
    /// Where a line of the dictionary stands in the old layout; made when it is needed, for one body.
    private var places: [UInt32: Int] = [:]

    init(limits: CodecLimits) {
        self.limits = limits
        dictionary = LineDictionary(limits: limits.dictionary)
    }

    /// Begins a segment: with an empty dictionary. Layouts of earlier segments keep theirs.
    mutating func beginSegment() {
        dictionary = LineDictionary(limits: limits.dictionary)
        index = LineIndex()
        places = [:]
        newLines.clear()
    }

    /// The payload of the dictionary record that has to precede the scrape just encoded; empty when there is none.
    mutating func takeNewLines() -> ByteBuffer {
        defer { newLines = ByteBuffer() }
        return newLines
    }

    /// Encodes a body and brings the layout up to date.
    ///
    /// False when the body is not one of lines and has to be stored whole; then the layout is of no use any more.
    mutating func encode(
        _ body: UnsafeBufferPointer<UInt8>, format: ContentType, layout: inout Layout, into payload: inout ByteBuffer
    ) -> Bool {
        guard body.count <= limits.bodyBytes else { return false }
        fieldEncoder.reset()
        edits.reset()
        ownLines.clear()
        var walk = unsafe LayoutWalk(body)
        let model = layout.model
        follow(&walk, to: .max, layout.lines, &layout.fields, &layout.texts, model)
        if walk.line < layout.lines.count || !walk.isAtEnd {
            guard unsafe edit(&walk, body, format, &layout, model) else { return false }
        }
        edits.finish()
        fieldEncoder.finish()
        let fields = fieldEncoder.writer
        for section in [ownLines, edits.bytes, fields.specials] {
            payload.writeVarint(UInt64(section.readableBytes))
            payload.writeImmutableBuffer(section)
        }
        payload.writeVarint(UInt64(fields.range.bytes.count))
        payload.writeBytes(fields.range.bytes)
        fields.bits.write(to: &payload)
        return true
    }

    /// Whether the beginning of a body looks like lines of an exposition.
    static func looksLikeLines(_ body: UnsafeBufferPointer<UInt8>, format: ContentType) -> Bool {
        var scanner = LineScanner(format: format)
        var total = 0
        var garbage = 0
        let span = unsafe body.span
        while total < 64, let line = scanner.next(in: span) {
            total += 1
            if line.kind == .other { garbage += 1 }
        }
        return garbage * 2 <= total
    }

    // MARK: While the body is as the layout says

    /// Encodes in place as far as the body agrees with the lines from the walk's on, at most to `end`.
    private mutating func follow(
        _ walk: inout LayoutWalk, to end: Int, _ lines: [LineReference], _ fields: inout [FieldState],
        _ texts: inout TextStore, _ model: FieldModel
    ) {
        let count = min(end, lines.count)
        // A copy, so that what changes with every line can stay in registers.
        var encoder = FieldEncoder()
        swap(&encoder, &fieldEncoder)
        defer { swap(&encoder, &fieldEncoder) }
        unsafe lines.withUnsafeBufferPointer { lines in
            unsafe fields.withUnsafeMutableBufferPointer { fields in
                unsafe walk.follow(lines, to: count, fields, &texts, &encoder, model)
            }
        }
    }

    // MARK: Where it is not

    /// Encodes what follows the first difference, into a new layout.
    private mutating func edit(
        _ walk: inout LayoutWalk, _ body: UnsafeBufferPointer<UInt8>, _ format: ContentType, _ layout: inout Layout,
        _ model: FieldModel
    ) -> Bool {
        var change = LayoutChange(&layout, kept: walk.line, fields: walk.field)
        defer { places = [:] }
        edits.keep(walk.line)
        let span = unsafe body.span
        var garbage = 0
        while !walk.isAtEnd {
            if keep(&walk, &change, &layout, model) { continue }
            guard change.lines.count < limits.bodyLines else { return false }
            let unit = LineUnit(span, at: walk.offset, format: format)
            if unit.isGarbage {
                garbage += 1
                guard garbage < 8 || garbage * 2 < change.lines.count else { return false }
            }
            let text = unsafe UnsafeBufferPointer(rebasing: body[unit.text])
            let (line, isKnown) = unsafe intern(text, unit.kind, &layout)
            guard let line else { return false }
            if isKnown, let place = place(of: line, from: walk.line, change) {
                edits.jump(place - walk.line)
                walk.field = change.firstField(of: place, line: walk.line, field: walk.field)
                walk.line = place
                if keep(&walk, &change, &layout, model) { continue }
            }
            let isDone =
                unsafe insert(line, &walk, &change, &layout, model)
                || insertWhole(body, &walk, &change, &layout, model)
            guard isDone else { return false }
        }
        guard change.lines.count <= limits.bodyLines else { return false }
        change.finish(&layout)
        return true
    }

    /// Keeps the old lines from the walk's on that the body has here; false when there is none.
    private mutating func keep(
        _ walk: inout LayoutWalk, _ change: inout LayoutChange, _ layout: inout Layout, _ model: FieldModel
    ) -> Bool {
        let line = walk.line
        let field = walk.field
        guard change.isFree(line), walk.holds(change.old[line]) else { return false }
        follow(&walk, to: change.freeEnd(line), change.old, &change.oldFields, &layout.texts, model)
        guard walk.line > line else { return false }
        change.keep(from: line, to: walk.line, fields: field..<walk.field)
        edits.keep(walk.line - line)
        return true
    }

    private mutating func insert(
        _ line: LineReference, _ walk: inout LayoutWalk, _ change: inout LayoutChange, _ layout: inout Layout,
        _ model: FieldModel
    ) -> Bool {
        var fields: InlineArray<2, FieldState> = [FieldState(), FieldState()]
        var span = fields.mutableSpan
        let isDone = unsafe span.withUnsafeMutableBufferPointer { fields in
            guard let first = fields.baseAddress else { return false }
            return unsafe walk.encode(line, first, &layout.texts, &fieldEncoder, model)
        }
        guard isDone else { return false }
        change.insert(line, fields[0], fields[1])
        edits.insert(line.id)
        return true
    }

    /// A sample whose value is too odd to be a field: the line is text.
    private mutating func insertWhole(
        _ body: UnsafeBufferPointer<UInt8>, _ walk: inout LayoutWalk, _ change: inout LayoutChange,
        _ layout: inout Layout, _ model: FieldModel
    ) -> Bool {
        let end = unsafe TokenScan.lineEnd(walk.cursor, walk.end) - walk.start
        let text = unsafe UnsafeBufferPointer(rebasing: body[walk.offset..<end])
        guard let line = unsafe intern(text, .text, &layout).line else { return false }
        return insert(line, &walk, &change, &layout, model)
    }

    // MARK: Dictionary

    /// The line with this text, entered when it is new; nil when there is no room for it anywhere.
    private mutating func intern(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: LineReference.Kind, _ layout: inout Layout
    ) -> (line: LineReference?, isKnown: Bool) {
        let hash = unsafe index.hash(text)
        if let line = unsafe index.find(text, kind, hash: hash, in: dictionary) { return (line, true) }
        if dictionary.takes(text.count) {
            let line = unsafe dictionary.append(text, kind: kind)
            index.insert(line, hash: hash, in: dictionary)
            unsafe Self.write(text, kind, to: &newLines)
            return (line, false)
        }
        let ownHash = unsafe layout.ownIndex.hash(text)
        if let line = unsafe layout.ownIndex.find(text, kind, hash: ownHash, in: layout.own) { return (line, true) }
        guard layout.own.takes(text.count) else { return (nil, false) }
        let line = unsafe layout.own.append(text, kind: kind)
        layout.ownIndex.insert(line, hash: ownHash, in: layout.own)
        unsafe Self.write(text, kind, to: &ownLines)
        return (line, false)
    }

    private static func write(
        _ text: UnsafeBufferPointer<UInt8>, _ kind: LineReference.Kind, to bytes: inout ByteBuffer
    ) {
        bytes.writeVarint(UInt64(text.count) &<< 2 | UInt64(kind.rawValue))
        unsafe bytes.writeBytes(text)
    }

    // MARK: Places in the old layout

    /// Where in the old layout a line of the dictionary is that the body has not had yet: near ahead, or anywhere.
    private mutating func place(of line: LineReference, from start: Int, _ change: LayoutChange) -> Int? {
        for place in start..<min(start + 32, change.old.count)
        where change.old[place].id == line.id && change.isFree(place) { return place }
        guard !line.isPrivate else { return nil }
        if places.isEmpty { notePlaces(change.old) }
        guard let place = places[line.id], change.isFree(place) else { return nil }
        return place
    }

    private mutating func notePlaces(_ lines: [LineReference]) {
        places.reserveCapacity(lines.count)
        for (place, line) in lines.enumerated().reversed() where !line.isPrivate { places[line.id] = place }
    }
}
