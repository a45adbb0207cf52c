import NIOCore

/// Reads what `LineEncoder` wrote: brings a target's layout up to date.
struct LineDecoder {
    private let limits: CodecLimits

    init(limits: CodecLimits) { self.limits = limits }

    /// Adds the lines of a dictionary record to the segment's dictionary.
    static func add(_ payload: ByteBuffer, to dictionary: LineDictionary) throws(ScrapeCodecError) {
        var payload = payload
        while payload.readableBytes > 0 {
            let head = try payload.readVarint("line")
            guard let kind = LineReference.Kind(rawValue: UInt32(head & 3)), head >> 2 <= UInt64(payload.readableBytes),
                let text = payload.readSlice(length: Int(head >> 2))
            else {
                throw ScrapeCodecError(
                    code: .malformed, message: "\(head >> 2) bytes declared, \(payload.readableBytes) are there",
                    culprit: "line")
            }
            guard text.readableBytes > 0 else {
                throw ScrapeCodecError(code: .malformed, message: "a line of no bytes", culprit: "line")
            }
            guard dictionary.takes(text.readableBytes) else {
                throw ScrapeCodecError(
                    code: .tooLarge,
                    message:
                        "more than \(dictionary.limits.lines) lines or \(dictionary.limits.bytes) bytes of them",
                    culprit: "dictionary")
            }
            unsafe text.withUnsafeReadableBytes { bytes in
                _ = unsafe dictionary.append(bytes.assumingMemoryBound(to: UInt8.self), kind: kind)
            }
        }
    }

    /// Whether anything differs from the body before. When it throws the layout is of no use any more.
    func decode(_ payload: ByteBuffer, layout: inout Layout) throws(ScrapeCodecError) -> Bool {
        var payload = payload
        try Self.add(try payload.readCounted("own lines"), to: layout.own)
        let edits = try payload.readCounted("edits")
        let specials = try payload.readCounted("specials")
        let range = try payload.readCounted("fields")
        let isEdited = edits.readableBytes > 0
        if isEdited { try apply(edits, to: &layout) }
        let didChange = try decodeFields(range: range, bits: payload, specials: specials, &layout)
        guard layout.texts.bytes <= limits.bodyBytes else {
            throw ScrapeCodecError(code: .tooLarge, message: "\(layout.texts.bytes) bytes of texts", culprit: "fields")
        }
        return isEdited || didChange
    }

    private func apply(_ edits: ByteBuffer, to layout: inout Layout) throws(ScrapeCodecError) {
        var edits = edits
        var change = LayoutChange(&layout, kept: 0, fields: 0)
        var place = 0
        var field = 0
        var bytes = 0
        while edits.readableBytes > 0 {
            let head = try edits.readVarint("edit")
            let count = head >> 2
            switch LayoutEdit(rawValue: head & 3) {
            case .keep:
                guard count <= UInt64(change.old.count - place) else { throw Self.malformed("\(count) lines to keep") }
                let start = place
                let first = field
                for _ in 0..<Int(count) {
                    guard change.isFree(place) else { throw Self.malformed("a line to keep twice") }
                    bytes += change.old[place].length
                    field += change.old[place].kind.fields
                    place += 1
                }
                change.keep(from: start, to: place, fields: first..<field)
            case .jump:
                let distance = Int64(zigzag: count)
                let (target, overflow) = Int64(place).addingReportingOverflow(distance)
                guard !overflow, (0...Int64(change.old.count)).contains(target) else {
                    throw Self.malformed("a jump out of the layout")
                }
                field = change.firstField(of: Int(target), line: place, field: field)
                place = Int(target)
            case .insert:
                try insert(count, first: try edits.readVarint("edit"), layout, &change, &bytes)
            case nil: throw Self.malformed("an unknown edit")
            }
            guard change.lines.count <= limits.bodyLines, bytes <= limits.bodyBytes else {
                throw ScrapeCodecError(
                    code: .tooLarge, message: "more than \(limits.bodyLines) lines or \(limits.bodyBytes) bytes",
                    culprit: "layout")
            }
        }
        layout.samples = change.lines.count { $0.kind != .text }
        change.finish(&layout)
    }

    private func insert(
        _ count: UInt64, first: UInt64, _ layout: Layout, _ change: inout LayoutChange, _ bytes: inout Int
    ) throws(ScrapeCodecError) {
        let source = first & 1 == 1 ? layout.own : layout.dictionary
        let start = first >> 1
        guard start <= UInt64(source.count), count <= UInt64(source.count) - start else {
            throw Self.malformed("a line that the dictionary does not have")
        }
        guard change.lines.count + Int(count) <= limits.bodyLines else {
            throw ScrapeCodecError(
                code: .tooLarge, message: "more than \(limits.bodyLines) lines", culprit: "layout")
        }
        for line in source.lines[Int(start)..<Int(start + count)] {
            bytes += line.length
            change.insert(line, FieldState(), FieldState())
        }
    }

    private func decodeFields(
        range: ByteBuffer, bits: ByteBuffer, specials: ByteBuffer, _ layout: inout Layout
    ) throws(ScrapeCodecError) -> Bool {
        let lines = layout.lines
        let model = layout.model
        var texts = TextStore()
        swap(&texts, &layout.texts)
        defer { swap(&texts, &layout.texts) }
        let result = unsafe range.withUnsafeReadableBytes { range in
            unsafe bits.withUnsafeReadableBytes { bits -> Result<Bool, ScrapeCodecError> in
                var decoder = unsafe FieldDecoder(
                    range: range.assumingMemoryBound(to: UInt8.self), bits: bits.assumingMemoryBound(to: UInt8.self),
                    specials: specials)
                return unsafe layout.fields.withUnsafeMutableBufferPointer { fields in
                    do throws(ScrapeCodecError) {
                        guard var field = fields.baseAddress else { return .success(false) }
                        for line in lines {
                            switch line.kind {
                            case .text: break
                            case .value:
                                try unsafe decoder.decode(value: &field.pointee, texts: &texts, model: model)
                                unsafe field += 1
                            case .stamped, .trailing:
                                try unsafe decoder.decode(value: &field[0], texts: &texts, model: model)
                                try unsafe decoder.decode(second: &field[1], texts: &texts, model: model)
                                unsafe field += 2
                            }
                        }
                        return .success(decoder.didChange)
                    } catch {
                        return .failure(error)
                    }
                }
            }
        }
        return try result.get()
    }

    private static func malformed(_ message: String) -> ScrapeCodecError {
        ScrapeCodecError(code: .malformed, message: message, culprit: "layout")
    }
}
