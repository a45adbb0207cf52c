extension AgentLogSettings {
    /// Bytes that a sample takes in the log, headers included: the most that recorded exporters took; 0.40 is the least.
    package static let assumedBytesPerSample = 0.85

    /// Seconds of outage without loss when so many samples arrive a second. The log frees its room in sixteenths, so one
    /// of them does not count.
    package func outageCovered(samplesPerSecond: Double) -> Double {
        let budget = Double(directory == nil ? memorySize : maxSize) / 16 * 15
        return budget / (samplesPerSecond * Self.assumedBytesPerSample)
    }

    /// A line about that, for `culvert check`.
    package func describeOutage(samplesPerSecond: Double) -> String {
        let size = ByteSize.text(directory == nil ? memorySize : maxSize)
        return "at \(Self.text(samplesPerSecond)) samples/s the log of \(size) covers about "
            + Self.duration(outageCovered(samplesPerSecond: samplesPerSecond))
            + " of outage (assumed: \(Self.assumedBytesPerSample) bytes a sample in the log, the most measured on recorded "
            + "exporters; targets of 100 series and fewer take more)"
    }

    private static func duration(_ seconds: Double) -> String {
        switch seconds {
        case ..<60: "\(text(seconds)) s"
        case ..<3600: "\(text(seconds / 60)) minutes"
        case ..<(48 * 3600): "\(text(seconds / 3600)) hours"
        default: "\(text(seconds / 3600)) hours (\(text(seconds / 86_400)) days)"
        }
    }

    /// Two digits below ten, whole numbers above.
    private static func text(_ number: Double) -> String {
        guard number < 1e15 else { return "1e15 and more" }
        let rounded = number < 9.95 ? (number * 10).rounded() / 10 : number.rounded()
        let isWhole = rounded == rounded.rounded()
        return isWhole ? "\(Int64(rounded))" : "\(rounded)"
    }
}
