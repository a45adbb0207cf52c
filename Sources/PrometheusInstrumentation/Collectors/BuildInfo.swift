/// A gauge that is always 1 and says in its labels what was built: `shop_build_info{revision="…",version="…"} 1`.
public struct BuildInfo: Collector {
    private let descriptor: MetricDescriptor
    private let values: [String]

    /// Names the build of a program.
    ///
    /// - Parameters:
    ///   - program: the first part of the metric's name, such as `shop`.
    ///   - version: the released version.
    ///   - revision: the version control system's name for it.
    public init(program: String, version: String, revision: String = "") {
        self.descriptor = MetricDescriptor(
            "\(program)_build_info", help: "A metric with a constant value of 1, labelled with what was built.",
            type: .gauge, labels: ["version", "revision", "swift_version"])
        self.values = [version, revision, Self.swiftVersion]
    }

    /// The family's description.
    public var descriptors: [MetricDescriptor] { [descriptor] }

    /// Appends the one sample.
    public func collect(into sink: inout MetricSink) {
        sink.append(descriptor, labels: values, 1)
    }

    /// The compiler's version as far as a program can know it.
    private static var swiftVersion: String {
        #if swift(>=6.5)
        "6.5 or later"
        #elseif swift(>=6.4)
        "6.4"
        #elseif swift(>=6.3)
        "6.3"
        #else
        "6.2"
        #endif
    }
}
