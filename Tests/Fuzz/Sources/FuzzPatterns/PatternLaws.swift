import Relabeling

/// What holds for every relabeling rule, whatever its texts.
///
/// Owns the laws that the fuzzer searches to break and that `Tests/RelabelingTests` (where this file is linked) checks on
/// the fuzzer's corpus: a rule is refused by the name of a field, or gives the same labels each time, sorted, each once,
/// none empty; what only judges changes nothing.
enum PatternLaws {
    /// The first law that an input breaks, in words. Its lines: action, regex, replacement, target label, separator,
    /// modulus, source labels between commas; every further one is a label, `name=value`.
    static func broken(by bytes: [UInt8]) -> String? {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
            .map(String.init)
        func line(_ number: Int) -> String { lines.count > number ? lines[number] : "" }
        guard let action = RelabelAction(name: line(0)) else { return nil }
        var fields = RelabelRule.Fields()
        fields.action = action
        fields.regex = line(1)
        fields.replacement = line(2)
        fields.targetLabel = line(3)
        fields.separator = line(4)
        fields.modulus = UInt64(line(5)) ?? 0
        fields.sourceLabels = line(6).split(separator: ",").map(String.init)
        let rule: RelabelRule
        do throws(RelabelError) {
            rule = try RelabelRule(fields)
        } catch {
            return error.message.isEmpty || error.message.utf8.contains(0x0A) ? "a refusal nobody can read" : nil
        }
        let given = Labels(
            lines.dropFirst(7).map { line in
                let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            })
        return broken(by: rule, given)
    }

    private static func broken(by rule: RelabelRule, _ given: Labels) -> String? {
        var (first, second) = (given, given)
        guard rule.apply(to: &first) == rule.apply(to: &second), first == second else {
            return "twice the same labels, and two results"
        }
        switch rule.fields.action {
        case .keep, .drop, .keepequal, .dropequal: if first != given { return "what only judges has changed labels" }
        case .replace, .lowercase, .uppercase, .hashmod, .labelmap, .labeldrop, .labelkeep: break
        }
        var last: String?
        for (name, value) in first.pairs {
            if value.isEmpty { return "an empty label" }
            if let last, !last.utf8.lexicographicallyPrecedes(name.utf8) { return "labels out of order" }
            last = name
        }
        return nil
    }
}
