/// Writes the beginning of a sample line, up to its value, in a form that both text formats have.
///
/// A name that is not of the old alphabet is quoted, as Prometheus 3 reads it.
struct SeriesWriter {
    private(set) var bytes: [UInt8] = []
    private var isOpen = false

    /// - Parameter name: the name of the metric, not empty.
    init(name: String) {
        bytes.reserveCapacity(128)
        if name.utf8.isPlainName(colons: true) {
            bytes.append(contentsOf: name.utf8)
        } else {
            bytes.append(UInt8(ascii: "{"))
            isOpen = true
            appendQuoted(name)
        }
    }

    mutating func append(_ name: String, _ value: String) {
        bytes.append(isOpen ? UInt8(ascii: ",") : UInt8(ascii: "{"))
        isOpen = true
        if name.utf8.isPlainName(colons: false) {
            bytes.append(contentsOf: name.utf8)
        } else {
            appendQuoted(name)
        }
        bytes.append(UInt8(ascii: "="))
        appendQuoted(value)
    }

    mutating func finish() {
        if isOpen { bytes.append(UInt8(ascii: "}")) }
        bytes.append(0x20)
    }

    private mutating func appendQuoted(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case 0x0A: bytes.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(contentsOf: [UInt8(ascii: "\\"), byte])
            default: bytes.append(byte)
            }
        }
        bytes.append(UInt8(ascii: "\""))
    }
}
