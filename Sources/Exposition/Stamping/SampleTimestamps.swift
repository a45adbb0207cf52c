/// Copies expositions and gives every sample the time of its scrape.
///
/// Owns the rule of where a time goes: behind the value of each sample that has none of its own, before its exemplars.
/// All other bytes (comments, `# EOF`, garbage, blanks, line ends, protobuf) are copied as they are. It never fails.
package enum SampleTimestamps {
    /// Appends a stamped copy of a body without other copies.
    ///
    /// - Parameters:
    ///   - body: any bytes.
    ///   - format: what the body's Content-Type says; all but OpenMetrics and protobuf is read as text.
    ///   - milliseconds: the time since the Unix epoch. Text has no times before it, there the epoch is written.
    ///   - output: where the copy is appended.
    package static func stamp(
        _ body: UnsafeRawBufferPointer, format: ContentType, milliseconds: Int64, into output: inout [UInt8]
    ) {
        // Room for a time on every line of about 70 bytes. Doubling keeps many pages into one output linear.
        let needed = output.count + body.count + body.count / 4
        if needed > output.capacity { output.reserveCapacity(max(needed, output.count * 2)) }
        guard format.hasLines else {
            output.append(contentsOf: body)
            return
        }
        let time = TimestampText.bytes(milliseconds: milliseconds, format: format)
        body.withMemoryRebound(to: UInt8.self) { bytes in
            let span = bytes.span
            var scanner = LineScanner(format: format)
            var copied = 0
            while let line = scanner.next(in: span) {
                guard line.kind == .sample, line.timestamp.isEmpty else { continue }
                output.append(contentsOf: bytes[copied..<line.value.upperBound])
                output.append(contentsOf: time)
                copied = line.value.upperBound
            }
            output.append(contentsOf: bytes[copied...])
        }
    }

    /// Appends a stamped copy of a body; see the form on raw bytes, which this calls.
    package static func stamp(
        _ body: some Collection<UInt8>, format: ContentType, milliseconds: Int64, into output: inout [UInt8]
    ) {
        let isDone: Void? = body.withContiguousStorageIfAvailable { bytes in
            stamp(UnsafeRawBufferPointer(bytes), format: format, milliseconds: milliseconds, into: &output)
        }
        guard isDone == nil else { return }
        Array(body).withUnsafeBytes { bytes in
            stamp(bytes, format: format, milliseconds: milliseconds, into: &output)
        }
    }
}
