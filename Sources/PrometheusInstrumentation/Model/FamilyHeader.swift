/// What all series of a family share, prepared for the page.
///
/// Owns the description, the rendered HELP and TYPE lines, the label names and, for a histogram, its buckets. A class,
/// so that snapshots share it for the price of one reference.
final class FamilyHeader: Sendable {
    let descriptor: MetricDescriptor
    let labels: LabelSchema
    let buckets: BucketLayout?
    let nameBytes: [UInt8]
    let headLines: [UInt8]

    init(_ descriptor: MetricDescriptor, buckets: BucketLayout? = nil) {
        self.descriptor = descriptor
        self.labels = LabelSchema(descriptor.labelNames)
        self.buckets = buckets
        self.nameBytes = Array(descriptor.name.utf8)
        self.headLines = TextFormat.headLines(descriptor)
    }
}
