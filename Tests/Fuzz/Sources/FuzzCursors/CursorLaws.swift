#if canImport(Views)
@testable import Views
#endif

/// What holds for every cursor file, whatever its bytes.
///
/// Owns the laws that the fuzzer searches to break and that `Tests/ViewsTests` (where this file is linked) checks on the
/// fuzzer's corpus: what is read is written back as the same cursors, and nothing is read whose checksum is wrong.
enum CursorLaws {
    /// The first law that a file breaks, in words: the bytes as they are, and as lines with the checksum they lack.
    static func broken(by bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes, as: UTF8.self)
        return broken(by: text) ?? broken(by: CursorText.seal("culvert-reader 1\n" + text))
    }

    private static func broken(by text: String) -> String? {
        guard let read = CursorText(text) else { return nil }
        guard read.places.count <= CursorText.maximumPlaces else { return "too many places" }
        guard let again = CursorText(String(decoding: read.bytes, as: UTF8.self)) else {
            return "what was read is not readable when it is written"
        }
        guard again == read else { return "what was read is written as something else" }
        return nil
    }
}
