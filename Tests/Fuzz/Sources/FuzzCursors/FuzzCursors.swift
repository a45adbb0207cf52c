import FuzzEngine

/// The cursor files of history readers under libFuzzer: the input as a file, and as the lines of one.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzCursors(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let broken = CursorLaws.broken(by: Array(UnsafeBufferPointer(start: start, count: count)))
    FuzzEngine.stop(broken)
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzCursors_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzCursors)
}
