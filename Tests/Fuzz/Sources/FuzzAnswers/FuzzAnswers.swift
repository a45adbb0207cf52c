import FuzzEngine

/// The parser of targets' HTTP answers under libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzAnswers(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let broken = AnswerLaws.broken(by: Array(UnsafeBufferPointer(start: start, count: count)))
    FuzzEngine.stop(broken)
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzAnswers_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzAnswers)
}
