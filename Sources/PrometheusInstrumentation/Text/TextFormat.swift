/// The Prometheus text format, version 0.0.4, as it is written.
///
/// Owns escaping and the layout of a family. It writes the part of the format that every reader takes: line feeds, no
/// extra blanks, HELP and TYPE once and before the samples.
public enum TextFormat {
    /// What the Content-Type header of a page must say.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    /// Appends a label value with backslash, quote and line feed escaped, without quotes around it.
    static func appendLabelValue(_ value: String, to output: inout [UInt8]) {
        appendEscaped(value, escapesQuote: true, to: &output)
    }

    static func headLines(_ descriptor: MetricDescriptor) -> [UInt8] {
        var lines = Array("# HELP \(descriptor.name) ".utf8)
        appendEscaped(descriptor.help, escapesQuote: false, to: &lines)
        lines.append(contentsOf: "\n# TYPE \(descriptor.name) \(descriptor.type.rawValue)\n".utf8)
        return lines
    }

    private static func appendEscaped(_ text: String, escapesQuote: Bool, to output: inout [UInt8]) {
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"):
                output.append(contentsOf: [byte, byte])
            case UInt8(ascii: "\n"):
                output.append(contentsOf: [UInt8(ascii: "\\"), UInt8(ascii: "n")])
            case UInt8(ascii: "\"") where escapesQuote:
                output.append(contentsOf: [UInt8(ascii: "\\"), byte])
            default:
                output.append(byte)
            }
        }
    }

    /// Appends a family; nothing when it has no series.
    static func append(_ family: FamilySnapshot, to output: inout [UInt8]) {
        guard !family.points.isEmpty else { return }
        let header = family.header
        output.append(contentsOf: header.headLines)
        for point in family.points {
            switch point.value {
            case .number(let value):
                appendSample(header.nameBytes, "", point.labels, value, to: &output)
            case .histogram(let state):
                append(state, header, point.labels, to: &output)
            }
        }
    }

    private static func append(
        _ state: HistogramState, _ header: FamilyHeader, _ labels: LabelBlock, to output: inout [UInt8]
    ) {
        guard let suffixes = header.buckets?.suffixes else { return }
        // Count and `+Inf` are one number, so they agree whatever was counted while the buckets were read.
        var total: UInt64 = 0
        for (suffix, count) in zip(suffixes, state.counts) {
            total &+= count
            output.append(contentsOf: header.nameBytes)
            output.append(contentsOf: "_bucket{".utf8)
            if !labels.bytes.isEmpty {
                output.append(contentsOf: labels.bytes)
                output.append(UInt8(ascii: ","))
            }
            output.append(contentsOf: suffix)
            FloatText.append(Double(total), to: &output)
            output.append(UInt8(ascii: "\n"))
        }
        appendSample(header.nameBytes, "_sum", labels, state.sum, to: &output)
        appendSample(header.nameBytes, "_count", labels, Double(total), to: &output)
    }

    private static func appendSample(
        _ name: [UInt8], _ suffix: StaticString, _ labels: LabelBlock, _ value: Double, to output: inout [UInt8]
    ) {
        output.append(contentsOf: name)
        suffix.withUTF8Buffer { output.append(contentsOf: $0) }
        if !labels.bytes.isEmpty {
            output.append(UInt8(ascii: "{"))
            output.append(contentsOf: labels.bytes)
            output.append(UInt8(ascii: "}"))
        }
        output.append(UInt8(ascii: " "))
        FloatText.append(value, to: &output)
        output.append(UInt8(ascii: "\n"))
    }
}
