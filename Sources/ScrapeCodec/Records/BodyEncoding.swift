/// How a record stores its body. Raw values are part of the record format.
enum BodyEncoding: UInt8 {
    /// There is none, or it is empty.
    case none = 0
    /// As it is.
    case raw = 1
    /// As a zstd frame.
    case zstd = 2
    /// As a zstd frame with the target's previous body as prefix.
    case zstdAfterPrevious = 3
    /// As edits of the target's layout and streams of its fields.
    case lines = 4
}
