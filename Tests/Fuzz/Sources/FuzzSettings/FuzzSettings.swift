import Foundation
import FuzzEngine

private let directory: String = {
    let path = NSTemporaryDirectory() + "culvert-fuzz-\(getpid())"
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
}()

/// What stands in settings files, and what sources of targets say, under libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzSettings(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        FuzzEngine.stop(try SettingsLaws.broken(by: bytes, in: directory))
    } catch {
        FuzzEngine.stop("\(error)")
    }
    return 0
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzSettings_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzSettings)
}
