package import NIOCore

/// A target as the agent presents it: what the collector needs to know to show it, never a credential.
///
/// Travels as tagged fields (u8 tag, varint length, bytes), of which unknown ones are ignored.
package struct TargetAnnouncement: Sendable, Hashable {
    /// The most bytes an announcement may have.
    package static let maximumBytes = 64 << 10
    /// The most labels, and the most URL parameters, a target may have.
    package static let maximumLabels = 128

    /// Final labels after relabeling on the agent, sorted by name; `job` and `instance` are among them.
    package var labels: [Label]
    /// The scrape URL without user information.
    package var url: String
    /// Milliseconds.
    package var interval: Int64
    /// Milliseconds.
    package var timeout: Int64
    /// The scrape configuration's `job_name`.
    package var jobName: String
    package var honorLabels: Bool
    /// host:port, as dialled.
    package var address: String
    package var scheme: String
    package var metricsPath: String
    package var params: [URLParameter]

    package init(
        labels: [Label], url: String, interval: Int64, timeout: Int64, jobName: String, honorLabels: Bool = false,
        address: String, scheme: String = "http", metricsPath: String = "/metrics", params: [URLParameter] = []
    ) {
        self.labels = labels
        self.url = url
        self.interval = interval
        self.timeout = timeout
        self.jobName = jobName
        self.honorLabels = honorLabels
        self.address = address
        self.scheme = scheme
        self.metricsPath = metricsPath
        self.params = params
    }

    private enum Tag: UInt8 {
        case label = 1
        case url, interval, timeout, jobName, honorLabels, address, scheme, metricsPath, parameter
    }

    package func encode(into buffer: inout ByteBuffer) {
        for label in labels {
            buffer.writeField(Tag.label.rawValue) {
                $0.writeCounted(label.name)
                $0.writeCounted(label.value)
            }
        }
        buffer.writeField(Tag.url.rawValue) { $0.writeString(url) }
        buffer.writeField(Tag.interval.rawValue) { $0.writeZigzag(interval) }
        buffer.writeField(Tag.timeout.rawValue) { $0.writeZigzag(timeout) }
        buffer.writeField(Tag.jobName.rawValue) { $0.writeString(jobName) }
        if honorLabels { buffer.writeField(Tag.honorLabels.rawValue) { $0.writeInteger(UInt8(1)) } }
        buffer.writeField(Tag.address.rawValue) { $0.writeString(address) }
        buffer.writeField(Tag.scheme.rawValue) { $0.writeString(scheme) }
        buffer.writeField(Tag.metricsPath.rawValue) { $0.writeString(metricsPath) }
        for parameter in params {
            buffer.writeField(Tag.parameter.rawValue) {
                $0.writeCounted(parameter.name)
                for value in parameter.values { $0.writeCounted(value) }
            }
        }
    }

    /// Throws what a reader would: more labels or bytes than the limits allow. For the agent, before it announces.
    package func validate() throws(ScrapeCodecError) {
        var buffer = ByteBuffer()
        encode(into: &buffer)
        _ = try TargetAnnouncement(decoding: buffer)
    }

    package init(decoding payload: ByteBuffer) throws(ScrapeCodecError) {
        guard payload.readableBytes <= Self.maximumBytes else {
            throw ScrapeCodecError(
                code: .tooLarge,
                message: "\(payload.readableBytes) bytes; expected at most \(Self.maximumBytes)",
                culprit: "target announcement")
        }
        self.init(labels: [], url: "", interval: 0, timeout: 0, jobName: "", address: "", scheme: "", metricsPath: "")
        var payload = payload
        while let (tag, field) = try payload.readField("target announcement") {
            var content = field
            switch Tag(rawValue: tag) {
            case .label:
                let name = try content.readCountedString("label name")
                labels.append(Label(name: name, value: try content.readCountedString("label value")))
            case .url: url = try content.utf8String("url")
            case .interval: interval = try content.readZigzag("interval")
            case .timeout: timeout = try content.readZigzag("timeout")
            case .jobName: jobName = try content.utf8String("job name")
            case .honorLabels: honorLabels = try content.readVarint("honor labels") != 0
            case .address: address = try content.utf8String("address")
            case .scheme: scheme = try content.utf8String("scheme")
            case .metricsPath: metricsPath = try content.utf8String("metrics path")
            case .parameter:
                var parameter = URLParameter(name: try content.readCountedString("parameter name"), values: [])
                while content.readableBytes > 0 {
                    parameter.values.append(try content.readCountedString("parameter value"))
                }
                params.append(parameter)
            case nil: break
            }
            guard labels.count <= Self.maximumLabels, params.count <= Self.maximumLabels else {
                throw ScrapeCodecError(
                    code: .tooLarge, message: "more than \(Self.maximumLabels) labels or parameters",
                    culprit: "target announcement")
            }
        }
        guard interval >= 0, timeout >= 0 else {
            throw ScrapeCodecError(
                code: .malformed, message: "a negative interval or timeout", culprit: "target announcement")
        }
    }
}
