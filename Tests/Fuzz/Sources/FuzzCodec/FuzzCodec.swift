import FuzzEngine

/// Encoder and decoder back to back under libFuzzer: the input as scrapes, of which each must come back byte for byte,
/// and as damage to their records, which must never trap.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCodec(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let broken = FuzzedScrapes.broken(by: Array(UnsafeBufferPointer(start: start, count: count)))
    FuzzEngine.stop(broken)
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzCodec_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzCodec)
}
