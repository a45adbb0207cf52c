import Glibc
import NIOCore

extension Layout {
    /// Room kept for what one line's fields may need beyond its text.
    private static var slack: Int { 2 * DecimalToken.maximumLength }

    /// The body, which must be `bytes` long.
    func render(bytes: Int) throws(ScrapeCodecError) -> ByteBuffer {
        let capacity = bytes + Self.slack
        var output = ByteBufferAllocator().buffer(capacity: capacity)
        let written = unsafe output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { room in
            guard let start = unsafe room.baseAddress?.assumingMemoryBound(to: UInt8.self) else { return 0 }
            return unsafe write(to: start, capacity: capacity) ?? 0
        }
        guard written == bytes else {
            throw ScrapeCodecError(
                code: .malformed, message: "a body of another length than its record says", culprit: "layout")
        }
        return output
    }

    /// Nil when there is not room for all of it.
    private func write(to start: UnsafeMutablePointer<UInt8>, capacity: Int) -> Int? {
        var cursor = unsafe start
        let limit = unsafe start + (capacity - Self.slack)
        return unsafe fields.withUnsafeBufferPointer { fields in
            var index = 0
            for line in lines {
                let length = line.length
                guard unsafe limit - cursor >= length else { return nil }
                unsafe memcpy(cursor, line.text, length)
                unsafe cursor += length
                switch line.kind {
                case .text: break
                case .value:
                    guard unsafe write(fields[index], to: &cursor, limit) else { return nil }
                    unsafe cursor.pointee = 0x0A
                    unsafe cursor += 1
                    index &+= 1
                case .stamped:
                    guard unsafe write(fields[index], to: &cursor, limit) else { return nil }
                    unsafe cursor.pointee = 0x20
                    unsafe cursor += 1
                    guard unsafe write(fields[index &+ 1], to: &cursor, limit) else { return nil }
                    unsafe cursor.pointee = 0x0A
                    unsafe cursor += 1
                    index &+= 2
                case .trailing:
                    guard unsafe write(fields[index], to: &cursor, limit),
                        unsafe write(fields[index &+ 1], to: &cursor, limit)
                    else { return nil }
                    index &+= 2
                }
            }
            return unsafe cursor - start
        }
    }

    @inline(__always)
    private func write(
        _ field: FieldState, to cursor: inout UnsafeMutablePointer<UInt8>, _ limit: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        // Less than half of the slack is needed for a number, so that a second one fits behind it.
        guard unsafe cursor <= limit else { return false }
        if let token = field.token {
            var output = unsafe ByteOutput(cursor)
            token.write(to: &output)
            unsafe cursor = output.place
            return true
        }
        return unsafe writeText(field, to: &cursor, limit)
    }

    private func writeText(
        _ field: FieldState, to cursor: inout UnsafeMutablePointer<UInt8>, _ limit: UnsafeMutablePointer<UInt8>
    ) -> Bool {
        if let symbol = FieldSpecial.text(field.form) {
            unsafe memcpy(cursor, symbol.utf8Start, symbol.utf8CodeUnitCount)
            unsafe cursor += symbol.utf8CodeUnitCount
            return true
        }
        let text = texts[field]
        guard unsafe limit - cursor >= text.count else { return false }
        for byte in text {
            unsafe cursor.pointee = byte
            unsafe cursor += 1
        }
        return true
    }
}
