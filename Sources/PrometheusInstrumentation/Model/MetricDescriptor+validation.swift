extension MetricDescriptor {
    /// Throws when the description breaks a rule of the data model.
    func validate() throws(RegistrationError) {
        guard Self.isMetricName(name) else {
            throw RegistrationError(
                .invalidName, name, "a metric name is letters, digits, `_` and `:` and does not begin with a digit")
        }
        if type == .counter, !name.hasSuffix("_total") {
            throw RegistrationError(.invalidName, name, "the name of a counter must end with `_total`")
        }
        var seen: Set<String> = []
        for label in labelNames {
            guard Self.isLabelName(label) else {
                throw RegistrationError(
                    .invalidLabelName, name,
                    "label name `\(label)`: letters, digits and `_` are allowed, no digit first, not `__` first")
            }
            if label == reservedLabel {
                throw RegistrationError(.invalidLabelName, name, "label `\(label)` is reserved in a \(type.rawValue)")
            }
            guard seen.insert(label).inserted else {
                throw RegistrationError(.invalidLabelName, name, "label `\(label)` appears twice")
            }
        }
    }

    /// The label that the type itself puts on its samples.
    private var reservedLabel: String? {
        switch type {
        case .histogram: "le"
        case .summary: "quantile"
        case .counter, .gauge, .untyped: nil
        }
    }

    /// The names of the samples that the type makes beside `name`, or in place of it.
    var derivedNames: [String] {
        switch type {
        case .histogram: [name + "_bucket", name + "_count", name + "_sum"]
        case .summary: [name + "_count", name + "_sum"]
        case .counter, .gauge, .untyped: []
        }
    }

    /// The name of another family whose samples would have the same names as samples of this one.
    ///
    /// - Parameter find: looks another family up by its name.
    func collision(_ find: (String) -> MetricDescriptor?) -> String? {
        if let derived = derivedNames.first(where: { find($0) != nil }) { return derived }
        for suffix in ["_bucket", "_count", "_sum"] where name.hasSuffix(suffix) {
            if let owner = find(String(name.dropLast(suffix.count))), owner.derivedNames.contains(name) {
                return owner.name
            }
        }
        return nil
    }

    private static func isMetricName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first) || first == UInt8(ascii: ":") else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: ":") }
    }

    private static func isLabelName(_ name: String) -> Bool {
        guard let first = name.utf8.first, isLetter(first), !name.hasPrefix("__") else { return false }
        return name.utf8.allSatisfy { isLetter($0) || isDigit($0) }
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }
}
