import Exposition
import FuzzEngine

/// The line scanner, the stamping of times and the reading and writing of numbers under libFuzzer: the input as a body
/// of text, as one of OpenMetrics, and as one token.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLines(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let body = Array(UnsafeBufferPointer(start: start, count: count))
    for format in [ContentType.text, .openMetrics] {
        let broken = LineLaws.broken(by: body, format: format)
        precondition(broken == nil, "\(format): \(broken ?? "")")
    }
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzLines_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzLines)
}
