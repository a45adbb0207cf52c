import FuzzEngine

/// What name servers answer and resolv.conf says under libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzDNS(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let broken = DNSLaws.broken(by: Array(UnsafeBufferPointer(start: start, count: count)))
    FuzzEngine.stop(broken)
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzDNS_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzDNS)
}
