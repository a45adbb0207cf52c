import NIOCore

/// The plaintext writes of a channel that were not encrypted yet, in order, with their promises.
///
/// Small writes are joined before they are encrypted: a TLS record costs about a microsecond, whatever its size.
struct TLSWriteQueue {
    private static let recordSize = 16 << 10
    /// Ciphertext in one buffer; a larger flush becomes several.
    private static let outputSize = 1 << 20

    private var writes = MarkedCircularBuffer<(buffer: ByteBuffer, promise: EventLoopPromise<Void>?)>(
        initialCapacity: 4)
    /// How many bytes wait.
    private(set) var byteCount = 0

    /// Puts a write at the end.
    mutating func append(_ buffer: ByteBuffer, _ promise: EventLoopPromise<Void>?) {
        byteCount += buffer.readableBytes
        writes.append((buffer, promise))
    }

    /// Marks everything that waits as flushed.
    mutating func mark() {
        writes.mark()
    }

    /// Whether anything that was flushed still waits.
    var hasMarked: Bool { writes.hasMark }

    /// Encrypts flushed writes until `output` is large; false if there was none. `promises` are those of the writes
    /// whose last byte went into `output`.
    mutating func encryptMarked(
        with session: inout TLSSession?, into output: inout ByteBuffer, promises: inout [EventLoopPromise<Void>]
    ) throws(TLSError) -> Bool {
        guard writes.hasMark else { return false }
        var record = ByteBuffer()
        while writes.hasMark, output.readableBytes < Self.outputSize {
            var (buffer, promise) = writes[writes.startIndex]
            let last = buffer.readableBytes <= Self.outputSize
            guard var piece = buffer.readSlice(length: min(buffer.readableBytes, Self.outputSize)) else { break }
            byteCount -= piece.readableBytes
            if last {
                _ = writes.removeFirst()
                if let promise { promises.append(promise) }
            } else {
                writes[writes.startIndex] = (buffer, promise)
            }
            if record.readableBytes + piece.readableBytes <= Self.recordSize {
                if record.readableBytes == 0, !writes.hasMark {
                    try session?.write(plaintext: &piece, output: &output)
                } else {
                    record.writeBuffer(&piece)
                }
                continue
            }
            try session?.write(plaintext: &record, output: &output)
            record.clear()
            if piece.readableBytes < Self.recordSize {
                record.writeBuffer(&piece)
            } else {
                try session?.write(plaintext: &piece, output: &output)
            }
        }
        try session?.write(plaintext: &record, output: &output)
        return true
    }

    /// Forgets everything; the caller fails the promises, which may call back into the handler.
    mutating func removeAll() -> [EventLoopPromise<Void>] {
        let promises = writes.compactMap(\.promise)
        writes = MarkedCircularBuffer(initialCapacity: 4)
        byteCount = 0
        return promises
    }
}
