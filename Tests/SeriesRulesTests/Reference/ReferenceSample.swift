import Exposition
import Relabeling

/// One line of a page, read plainly and slowly: characters, dictionaries, no cache.
enum ReferenceLine: Equatable {
    /// A line that is no sample, or one that no reader takes: its bytes.
    case verbatim([UInt8])
    case sample(ReferenceSample)
}

/// A sample as it is written.
struct ReferenceSample: Equatable {
    /// The name under `__name__`; empty values are there.
    var labels: [String: String]
    var value: String
    var timestamp: String
    var exemplar: String
    var line: [UInt8]

    /// The labels that a Prometheus stores.
    func stored(target: Labels, honorLabels: Bool) -> Labels {
        var result: [String: String] = labels
        if honorLabels {
            for (name, value) in target.pairs where labels[name] == nil { result[name] = value }
        } else {
            let collisions = target.pairs.filter { labels[$0.name, default: ""] != "" }
            for (name, value) in target.pairs { result[name] = value }
            // Stable: the pairs are sorted by name.
            for length in 0...64 {
                for (name, _) in collisions where name.utf8.count == length {
                    var free = "exported_" + name
                    while result[free, default: ""] != "" { free = "exported_" + free }
                    result[free] = labels[name]
                }
            }
        }
        return Labels(result.map { ($0.key, $0.value) })
    }

    /// Reads `name{label="value",…}`; nil when a label is there twice.
    static func labels(_ series: String) -> [String: String]? {
        var labels: [String: String] = [:]
        var rest = Array(series.unicodeScalars)[...]
        func skip() {
            while let first = rest.first, " \t,{}=".unicodeScalars.contains(first) { rest.removeFirst() }
        }
        func token() -> String {
            var text = String.UnicodeScalarView()
            guard rest.first == "\"" else {
                while let first = rest.first, !" \t,{}=\"".unicodeScalars.contains(first) {
                    text.append(first)
                    rest.removeFirst()
                }
                return String(text)
            }
            rest.removeFirst()
            while let first = rest.popFirst(), first != "\"" {
                guard first == "\\", let next = rest.popFirst() else {
                    text.append(first)
                    continue
                }
                switch next {
                case "n": text.append("\n")
                case "\"", "\\": text.append(next)
                default: text.append(contentsOf: ["\\", next])
                }
            }
            return String(text)
        }
        while true {
            skip()
            guard !rest.isEmpty else { return labels }
            let name = token()
            while rest.first == " " || rest.first == "\t" { rest.removeFirst() }
            let isLabel = rest.first == "="
            if isLabel { skip() }
            let value = isLabel ? token() : name
            guard labels.updateValue(value, forKey: isLabel ? name : "__name__") == nil else { return nil }
        }
    }
}

/// A page, read line by line.
struct ReferencePage {
    var lines: [ReferenceLine] = []
    /// Whether a sample has a label twice.
    var isAmbiguous = false

    init(_ body: [UInt8], format: ContentType) {
        var scanner = LineScanner(format: format)
        // Of the TYPE line before: which label Prometheus 3 reads as a number.
        var number = ""
        while let line = scanner.next(in: body.span) {
            let bytes = Array(body[line.content.lowerBound..<line.next])
            func text(_ range: Range<Int>) -> String { String(decoding: body[range], as: UTF8.self) }
            let words = String(decoding: bytes, as: UTF8.self).split { " \t\n".contains($0) }
            if words.count > 3, words[0] == "#", words[1] == "TYPE" {
                number = ["histogram": "le", "summary": "quantile"][words.last ?? ""] ?? ""
            }
            guard line.kind == .sample, String(validating: bytes, as: UTF8.self) != nil else {
                lines.append(.verbatim(bytes))
                continue
            }
            guard var labels = ReferenceSample.labels(text(line.series)) else {
                isAmbiguous = true
                lines.append(.verbatim(bytes))
                continue
            }
            if let value = labels[number].flatMap({ Int($0) }) { labels[number] = "\(value).0" }
            lines.append(
                .sample(
                    ReferenceSample(
                        labels: labels, value: text(line.value), timestamp: text(line.timestamp),
                        exemplar: text(line.exemplar), line: bytes)))
        }
    }
}
