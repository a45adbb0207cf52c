import FuzzEngine
import NIOCore
import ScrapeCodec
import ScrapeLog

/// The readers of records under libFuzzer: the input as a stream of log records, as an announcement, and as scrapes'
/// payloads in any order, because checksums keep a fuzzer from ever getting that far by itself.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzRecords(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    var assembler = RecordAssembler(epoch: 1, offset: 0)
    assembler.append(input)
    while let record = try? assembler.next() { _ = record.payload.readableBytes }
    _ = try? SegmentHeader(decoding: input)
    _ = try? TargetAnnouncement(decoding: input)
    let broken = RecordLaws.broken(by: Array(input.readableBytesView))
    FuzzEngine.stop(broken)
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzRecords_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzRecords)
}
