import Relabeling

/// A series as its line gives it: its name and its labels, unescaped, those without a value included.
struct ExposedSeries {
    var name = ""
    var labels: [(name: String, value: String)] = []

    /// Orders the labels by the bytes of their names, as everything that follows wants them.
    mutating func sort() {
        labels.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    /// Whether a name is given twice: there Prometheus refuses the body, unless a rule drops the series. For sorted labels.
    var isAmbiguous: Bool {
        var previous: String?
        for (label, _) in labels {
            if label.utf8.elementsEqual(Self.nameLabel.utf8) { return true }
            if let previous, previous.utf8.elementsEqual(label.utf8) { return true }
            previous = label
        }
        return false
    }

    /// A number in a label, as its line has it and as Prometheus writes it.
    struct WrittenNumber {
        var label: String
        var value: String
        var normalized: String
    }

    /// Writes the number that a histogram's or summary's series has in a label as Prometheus does.
    ///
    /// - Returns: whether it would be another series in another family; and what was changed.
    mutating func normalize(in family: MetricFamily) -> (dependsOnFamily: Bool, WrittenNumber?) {
        var depends = false
        var written: WrittenNumber?
        for index in labels.indices where MetricFamily.isNumberSomewhere(labels[index].name) {
            let (label, value) = labels[index]
            let normalized = MetricFamily.normalized(value)
            guard !normalized.utf8.elementsEqual(value.utf8) else { continue }
            depends = true
            guard family.isNumber(label) else { continue }
            labels[index].value = normalized
            written = WrittenNumber(label: label, value: value, normalized: normalized)
        }
        return (depends, written)
    }

    /// Whether the line has that label, be it without a value.
    func has(_ name: String) -> Bool { labels.contains { $0.name.utf8.elementsEqual(name.utf8) } }

    /// The labels of a series of a target.
    ///
    /// - Parameters:
    ///   - target: the labels of the target, sorted.
    ///   - honorLabels: true: the target's label is added where the line has none of that name, not even an empty one.
    ///     False: the target's label wins, and what it displaces is kept as `exported_NAME`, the prefix repeated until the
    ///     name is free, the shortest name first.
    func joined(with target: [(name: String, value: String)], honorLabels: Bool) -> Labels {
        var result = Labels()
        result[Self.nameLabel] = name
        for (name, value) in labels where result[name] == nil { result[name] = value }
        if honorLabels {
            for (name, value) in target where !has(name) { result[name] = value }
            return result
        }
        var displaced: [(offset: Int, name: String, value: String)] = []
        for (offset, (name, value)) in target.enumerated() {
            if let own = result[name] { displaced.append((offset, name, own)) }
            result[name] = value
        }
        displaced.sort { ($0.name.utf8.count, $0.offset) < ($1.name.utf8.count, $1.offset) }
        for (_, name, value) in displaced {
            var free = "exported_" + name
            while result[free] != nil { free = "exported_" + free }
            result[free] = value
        }
        return result
    }

    /// The label that holds the name of a series.
    static let nameLabel = "__name__"
}
