import NIOCore

/// Decodes one record's body into its target's state.
struct DecodingWork {
    let lines: LineDecoder
    /// Nil when it is damaged.
    let dictionary: LineDictionary?
    let limits: CodecLimits
    let decompressor: DecompressionContext

    /// When it throws, the state is half applied.
    func decode(
        _ payload: ByteBuffer, time: Int64, into state: inout TargetBody.State
    ) throws(ScrapeCodecError) -> ScrapeSummary {
        var payload = payload
        let head = try ScrapeHead(
            reading: &payload, time: time, previousBytes: state.bytes, maximumBytes: limits.bodyBytes)
        if let contentType = head.contentType { state.contentType = contentType }
        var summary = head.summary
        summary.contentType = state.contentType
        if head.hasCounts { state.counts = summary.counts } else { summary.counts = state.counts }
        guard head.encoding != .none else {
            summary.counts = summary.counts ?? SampleCounts(scraped: 0, kept: 0)
            return summary
        }
        if head.encoding == .lines {
            try decodeLines(payload, bytes: summary.bodyBytes, &state)
            if summary.counts == nil {
                let samples = UInt32(clamping: state.layout?.samples ?? 0)
                summary.counts = SampleCounts(scraped: samples, kept: samples)
            }
        } else {
            guard state.layout == nil else {
                throw ScrapeCodecError(code: .malformed, message: "a whole body after one of lines", culprit: "scrape")
            }
            state.previous = try whole(payload, head.encoding, summary.bodyBytes, state.previous)
            state.version &+= 1
        }
        state.bytes = summary.bodyBytes
        return summary
    }

    private func decodeLines(
        _ payload: ByteBuffer, bytes: Int, _ state: inout TargetBody.State
    ) throws(ScrapeCodecError) {
        guard state.previous == nil else {
            throw ScrapeCodecError(code: .malformed, message: "a body of lines after a whole one", culprit: "scrape")
        }
        guard let dictionary else {
            throw ScrapeCodecError(code: .outOfSequence, message: "a scrape whose dictionary is damaged")
        }
        var layout: Layout
        var didChange = true
        if let known = state.layout {
            // Taken out, so that nothing is copied.
            state.layout = nil
            layout = known
            didChange = try lines.decode(payload, layout: &layout)
        } else {
            layout = Layout(dictionary: dictionary, limits: limits)
            _ = try lines.decode(payload, layout: &layout)
        }
        state.layout = layout
        guard didChange || bytes != state.bytes else { return }
        state.version &+= 1
    }

    private func whole(
        _ payload: ByteBuffer, _ encoding: BodyEncoding, _ bytes: Int, _ previous: ByteBuffer?
    ) throws(ScrapeCodecError) -> ByteBuffer {
        guard encoding != .raw else {
            guard payload.readableBytes == bytes else {
                throw ScrapeCodecError(
                    code: .malformed, message: "\(payload.readableBytes) bytes of body; expected \(bytes)",
                    culprit: "scrape")
            }
            // A copy: the payload is part of a buffer that holds much else.
            return ByteBuffer(bytes: payload.readableBytesView)
        }
        if encoding == .zstdAfterPrevious, previous == nil {
            throw ScrapeCodecError(code: .malformed, message: "a body after one that is not there", culprit: "scrape")
        }
        return try decompressor.decompress(
            payload, prefix: encoding == .zstd ? nil : previous, exactly: bytes)
    }
}
