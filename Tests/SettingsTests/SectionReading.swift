@testable import Settings

/// What `read` makes of a section written down in a test, and what is wrong with it, one `line:column: sentence` each.
func section<Value>(
    _ text: String, in directory: TemporaryDirectory? = nil, read: (MappingReader) -> Value
) throws -> (value: Value?, problems: [String]) {
    let directory = try directory ?? TemporaryDirectory.withCertificates()
    let log = ProblemLog(file: directory.path + "/agent.yml")
    let value = Document.mapping(in: Array((text + "\n").utf8), name: "the section", log: log).map { read($0) }
    let problems = log.problems.sorted { ($0.line, $0.column) < ($1.line, $1.column) }
    return (value, problems.map { "\($0.line):\($0.column): \($0.message)" })
}
