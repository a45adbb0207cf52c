package import Relabeling
import Yams

/// An agent that may connect, and what is stamped on its data.
package struct AgentEntry: Sendable {
    /// The name in the agent's certificate.
    package var name: String
    /// Labels in the order of the file; `agent` with an empty value removes the stamp `agent`.
    package var labels: [(String, String)]
    /// The line of the file it begins in.
    package var line: Int

    /// An agent from all its parts.
    package init(name: String, labels: [(String, String)] = [], line: Int = 0) {
        self.name = name
        self.labels = labels
        self.line = line
    }

    /// What is stamped on the data of this agent: its name as `agent`, and the labels over that.
    package var stamps: Labels { Labels([("agent", name)] + labels) }

    /// Whether `name` can be an agent's name: `[a-z0-9][a-z0-9._-]{0,62}`.
    package static func isValidName(_ name: String) -> Bool {
        guard let first = name.utf8.first, name.utf8.count <= 63, isLetterOrDigit(first) else { return false }
        return name.utf8.allSatisfy { isLetterOrDigit($0) || "._-".utf8.contains($0) }
    }

    private static func isLetterOrDigit(_ byte: UInt8) -> Bool {
        (0x61...0x7a).contains(byte) || (0x30...0x39).contains(byte)
    }

    static func readList(_ reader: MappingReader) -> [AgentEntry]? {
        guard let list = reader.list("agents", of: "agents, each with name and labels") else {
            if let place = reader.position(of: "agents"), !reader.has("agents") {
                // Half-written, this would let everybody in.
                reader.log.add(
                    .invalidValue, at: place,
                    "agents: expected a list, found nothing: remove the key to let every agent with a valid "
                        + "certificate connect"
                )
            }
            return nil
        }
        var entries: [AgentEntry] = []
        var lines: [String: Int] = [:]
        var stamps: [Labels: AgentEntry] = [:]
        for element in reader.elements(of: list, name: "agent") {
            guard let (entry, name) = read(element) else { continue }
            if let first = lines[entry.name] {
                reader.log.add(
                    .conflict, at: name.position,
                    "name: agent \(Quotation.quote(entry.name)) is listed twice, first in line \(first): remove one")
            } else if let other = stamps[entry.stamps] {
                reader.log.add(
                    .conflict, at: element.position,
                    "agents \(other.name) (line \(other.line)) and \(entry.name) (line \(entry.line)) would "
                        + "stamp the same labels "
                        + "\(entry.stamps) on their data: give one of them a label of its own")
            }
            lines[entry.name] = lines[entry.name] ?? name.position.line
            stamps[entry.stamps] = stamps[entry.stamps] ?? entry
            entries.append(entry)
        }
        return entries
    }

    /// `name`, which must be there and be one.
    static func readName(_ reader: MappingReader) -> Located<String>? {
        let expected = "a name of a-z, 0-9, dots, dashes and underscores, at most 63"
        let name = reader.required("name", expected: expected)
        if let name, !isValidName(name.value) {
            reader.reject("name", at: name.position, expected: expected, found: Quotation.quote(name.value))
        }
        return name
    }

    private static func read(_ reader: MappingReader) -> (AgentEntry, Located<String>)? {
        let name = readName(reader)
        let labels = reader.labels("labels")?.value ?? []
        for (label, _) in labels where label.value.hasPrefix("__") {
            reader.log.add(
                .invalidValue, at: label.position,
                "labels: \(Quotation.quote(label.value)) cannot be stamped: names beginning with __ are Prometheus' own"
            )
        }
        reader.finish()
        guard let name else { return nil }
        let entry = AgentEntry(
            name: name.value, labels: labels.map { ($0.name.value, $0.value) }, line: reader.position.line)
        return (entry, name)
    }
}
