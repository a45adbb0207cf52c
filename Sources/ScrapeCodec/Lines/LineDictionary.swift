import Glibc

/// The lines of one log segment, each once, numbered as they came. Owns their texts; they stay where they are until the
/// last reference to the dictionary is gone.
///
/// One thread adds; others may read the texts of the references they were given, which never change.
@safe
final class LineDictionary: @unchecked Sendable {
    /// Lines and bytes of text a dictionary may hold.
    struct Limits: Sendable, Hashable {
        var lines: Int
        var bytes: Int
    }

    let limits: Limits
    private let isPrivate: Bool
    private(set) var lines: [LineReference] = []
    /// Bytes of all texts together.
    private(set) var bytes = 0
    private var chunks: [LineChunk] = []
    private var free = 0
    private var chunkSize = 2048

    private static let largestChunk = 1 << 20

    init(limits: Limits, isPrivate: Bool = false) {
        self.limits = limits
        self.isPrivate = isPrivate
    }

    /// One with the same lines under the same numbers, that grows on its own. The texts they have in common are kept once.
    func fork() -> LineDictionary {
        let fork = LineDictionary(limits: limits, isPrivate: isPrivate)
        fork.lines = lines
        fork.bytes = bytes
        fork.chunks = chunks
        // What is free in the last chunk stays the original's: the fork begins one of its own.
        return fork
    }

    var count: Int { lines.count }

    /// What the lines cost in memory, bytes.
    var cost: Int { bytes + lines.count * MemoryLayout<LineReference>.stride }

    /// Whether a line of so many bytes may still be added.
    func takes(_ length: Int) -> Bool {
        length <= LineReference.maximumLength && lines.count < limits.lines && length <= limits.bytes - bytes
    }

    /// Adds a line, without looking whether it is there; ask `takes` before.
    func append(_ text: UnsafeBufferPointer<UInt8>, kind: LineReference.Kind) -> LineReference {
        let place = unsafe place(for: text.count)
        if let start = text.baseAddress { unsafe place.initialize(from: start, count: text.count) }
        let line = unsafe LineReference(
            text: place, length: text.count, kind: kind,
            id: UInt32(truncatingIfNeeded: lines.count) &<< 1 | (isPrivate ? 1 : 0))
        lines.append(line)
        bytes += text.count
        return line
    }

    private func place(for length: Int) -> UnsafeMutablePointer<UInt8> {
        if length > free || chunks.isEmpty {
            while chunkSize < min(Self.largestChunk, bytes) { chunkSize *= 2 }
            free = max(chunkSize, length)
            chunks.append(LineChunk(capacity: max(1, free)))
            used = 0
        }
        defer {
            used += length
            free -= length
        }
        return unsafe chunks[chunks.count - 1].start + used
    }

    private var used = 0
}
