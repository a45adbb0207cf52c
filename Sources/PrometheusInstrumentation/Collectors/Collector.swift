/// Something that knows metrics only when asked: a mirror of another system's counts, of /proc, of a table.
///
/// `collect` may be called from several threads at once. It should answer within milliseconds: the page waits for it.
public protocol Collector: Sendable {
    /// The families it may append to; they are checked and reserved at registration.
    ///
    /// An empty list makes an unchecked collector: it may append to any family that nobody else has registered.
    var descriptors: [MetricDescriptor] { get }

    /// Appends the samples of this moment. If it throws, all it appended is left out, and the rest of the page stands.
    func collect(into sink: inout MetricSink) throws
}
