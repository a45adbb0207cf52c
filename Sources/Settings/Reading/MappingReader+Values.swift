import Relabeling
import Yams

extension MappingReader {
    /// Text: any scalar, a number or `on` without quotes included, as in Prometheus.
    func string(_ key: String, expected: String = "a text") -> Located<String>? {
        guard let found = node(key) else { return nil }
        guard let scalar = scalar(found, key: key, expected: expected) else { return nil }
        return found.with(scalar.string)
    }

    /// Text that must be there and not be empty.
    func required(_ key: String, expected: String) -> Located<String>? {
        guard has(key) else {
            _ = node(key)
            missing(key, expected: expected)
            return nil
        }
        guard let text = string(key, expected: expected) else { return nil }
        guard !text.value.isEmpty else {
            reject(key, at: text.position, expected: expected, found: "an empty text")
            return nil
        }
        return text
    }

    /// `true` or `false`, and YAML's other spellings, which Prometheus takes too.
    func bool(_ key: String) -> Located<Bool>? {
        guard let found = node(key) else { return nil }
        guard let scalar = scalar(found, key: key, expected: "true or false") else { return nil }
        guard scalar.style == .plain || scalar.style == .any else {
            reject(
                key, at: found.position, expected: "true or false without quotes",
                found: "the text \(Quotation.quote(scalar.string))")
            return nil
        }
        switch scalar.string {
        case "true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON": return found.with(true)
        case "false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF": return found.with(false)
        default:
            reject(key, at: found.position, expected: "true or false", found: Quotation.quote(scalar.string))
            return nil
        }
    }

    /// A duration in milliseconds.
    func duration(_ key: String) -> Located<Int64>? {
        let expected = "a duration such as 30s, 1h30m or 500ms"
        guard let text = string(key, expected: expected) else { return nil }
        guard let value = PrometheusDuration.milliseconds(text.value) else {
            reject(key, at: text.position, expected: expected, found: Quotation.quote(text.value))
            return nil
        }
        return text.with(value)
    }

    /// A whole number from 0 on.
    func count(_ key: String) -> Located<Int>? {
        let expected = "a whole number, 0 or more"
        guard let text = string(key, expected: expected) else { return nil }
        guard let value = Int(text.value), value >= 0 else {
            reject(key, at: text.position, expected: expected, found: Quotation.quote(text.value))
            return nil
        }
        return text.with(value)
    }

    /// A size in bytes between two bounds.
    func size(_ key: String, in bounds: ClosedRange<UInt64>) -> Located<UInt64>? {
        let expected = "a size such as 64MiB or 1GiB"
        guard let text = string(key, expected: expected) else { return nil }
        guard let value = ByteSize.bytes(text.value) else {
            reject(key, at: text.position, expected: expected, found: Quotation.quote(text.value))
            return nil
        }
        guard bounds.contains(value) else {
            let least = ByteSize.text(bounds.lowerBound)
            let most = ByteSize.text(bounds.upperBound)
            reject(
                key, at: text.position, expected: "a size between \(least) and \(most)",
                found: "\(Quotation.quote(text.value)) (\(value) bytes)")
            return nil
        }
        return text.with(value)
    }

    /// A mapping below this one.
    func mapping(_ key: String) -> MappingReader? {
        guard let found = node(key) else { return nil }
        return MappingReader(found.value, name: key, key: found.key, log: log)
    }

    /// The elements of a list; a null element is a problem.
    func list(_ key: String, of what: String) -> Located<[Node]>? {
        guard let found = node(key) else { return nil }
        guard let sequence = found.value.sequence else {
            log.add(.wrongType, at: found.position, "\(key): expected a list of \(what), found \(found.value.kind)")
            return nil
        }
        guard log.spend(sequence.count + 1, at: found.position) else { return nil }
        let elements = Array(sequence).filter { element in
            guard element.isNothing else { return true }
            log.add(
                .wrongType, at: element.position ?? found.position,
                "\(key): expected a list of \(what), found an empty element")
            return false
        }
        return found.with(elements)
    }

    /// The elements of a list that are mappings, one after the other; one that is none is a problem.
    ///
    /// - Parameter name: what a person calls one of them.
    func elements(of list: Located<[Node]>, name: String) -> some Sequence<MappingReader> {
        list.value.lazy.compactMap { [log] node in
            MappingReader(node, name: name, key: node.position ?? list.position, log: log)
        }
    }

    /// Label names and values, in the order of the file.
    func labels(_ key: String) -> Located<[(name: Located<String>, value: String)]>? {
        guard let found = node(key) else { return nil }
        guard let reader = MappingReader(found.value, name: key, key: found.key, log: log) else { return nil }
        var labels: [(name: Located<String>, value: String)] = []
        for (name, place) in reader.keys {
            guard Labels.isValidName(name) else {
                log.add(
                    .invalidValue, at: place,
                    "\(key): \(Quotation.quote(name)) is not a label name: expected letters, digits and _, "
                        + "no digit first"
                )
                continue
            }
            // A null value is the empty text, as in Prometheus.
            let value = reader.has(name) ? reader.string(name) : Located(value: "", position: place, key: place)
            guard let value else { continue }
            labels.append((Located(value: name, position: place, key: place), value.value))
        }
        return found.with(labels)
    }

    /// The scalar of a node, or `nil` after adding that it is none or carries a tag that means something else.
    private func scalar(_ found: Located<Node>, key: String, expected: String) -> Node.Scalar? {
        guard let scalar = found.value.scalar else {
            log.add(.wrongType, at: found.position, "\(key): expected \(expected), found \(found.value.kind)")
            return nil
        }
        guard Self.plainTags.contains(scalar.tag.description) else {
            let tag = Quotation.quote(scalar.tag.description)
            log.add(
                .wrongType, at: found.position, "\(key): expected \(expected) without a YAML tag, found the tag \(tag)")
            return nil
        }
        return scalar
    }

    /// The tags that leave a scalar what its characters say.
    private static let plainTags: Set<String> = [
        "", "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool",
        "tag:yaml.org,2002:null",
    ]
}
