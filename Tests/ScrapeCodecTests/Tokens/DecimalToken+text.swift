@testable import ScrapeCodec

extension DecimalToken {
    /// The token that all of a text is; nil when it is none.
    static func parse(_ text: some StringProtocol) -> DecimalToken? {
        Array(text.utf8).withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return nil }
            var cursor = ByteCursor(start, before: start + bytes.count)
            let token = DecimalToken(&cursor)
            return cursor.isAtEnd ? token : nil
        }
    }

    /// The same by the cursor that does not look at the end.
    static func parseFar(_ text: some StringProtocol) -> DecimalToken? {
        let padding = [UInt8](repeating: 0x0A, count: FarByteCursor.distance + 1)
        return (Array(text.utf8) + padding).withUnsafeBufferPointer { bytes in
            guard let start = bytes.baseAddress else { return nil }
            var cursor = FarByteCursor(start)
            let token = DecimalToken(&cursor)
            precondition(cursor.place - start <= FarByteCursor.distance, "read too far")
            return cursor.place - start == text.utf8.count ? token : nil
        }
    }

    var text: String {
        let bytes = [UInt8](unsafeUninitializedCapacity: Self.maximumLength) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            var output = ByteOutput(start)
            write(to: &output)
            count = output.place - start
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
