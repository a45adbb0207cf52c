import FuzzEngine
import NIOCore
import Tunnel

/// The tunnel's frame decoder under libFuzzer: the first byte says how the rest is cut, the rest is the stream.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzFrames(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    var input = ByteBuffer(bytes: UnsafeBufferPointer(start: start, count: count))
    guard let stride: UInt8 = input.readInteger() else { return 0 }
    var decoder = FrameDecoder(maximumPayload: stride & 1 == 0 ? FrameLimits.fromAgent : FrameLimits.beforeWelcome)
    do {
        while input.readableBytes > 0 {
            let length = min(Int(stride) + 1, input.readableBytes)
            guard let part = input.readSlice(length: length) else { break }
            decoder.append(part)
            while let frame = try decoder.next() { check(frame) }
        }
    } catch {
        // Refused: what malformed bytes deserve.
    }
    return 0
}

/// What was understood is understood again when it is written.
private func check(_ frame: Frame) {
    var buffer = ByteBuffer()
    FrameEncoder.write(frame, into: &buffer)
    var decoder = FrameDecoder(maximumPayload: .max)
    decoder.append(buffer)
    let again = try? decoder.next()
    precondition(again?.type == frame.type, "a \(frame.type) frame is not read back")
}

/// The package manager calls an executable's `main` so; here it is the engine's.
@_cdecl("FuzzFrames_main")
public func main(_ count: CInt, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?) -> CInt {
    FuzzEngine.run(count, arguments, fuzzFrames)
}
