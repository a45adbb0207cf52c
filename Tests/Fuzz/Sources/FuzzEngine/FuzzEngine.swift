import Foundation

/// What every fuzzer does the same: hands its check to libFuzzer.
public enum FuzzEngine {
    /// Runs until the engine has enough. `arguments` are the command line's.
    public static func run(
        _ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?,
        _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
    ) -> CInt {
        var count = count
        var arguments = arguments
        return runDriver(&count, &arguments, check)
    }

    /// Ends the run when a law is broken; the engine keeps the input.
    public static func stop(_ broken: String?) {
        guard let broken else { return }
        FileHandle.standardError.write(Data("\nbroken: \(broken)\n".utf8))
        abort()
    }
}

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>,
    _ callback: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt
