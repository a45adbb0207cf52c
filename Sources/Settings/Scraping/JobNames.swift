/// The names of the jobs of one configuration, over all its files.
final class JobNames {
    private var places: [String: (file: String, line: Int)] = [:]

    /// Notes a name; a second use of it is a problem.
    func note(_ name: Located<String>, _ log: ProblemLog) {
        guard let first = places[name.value] else {
            places[name.value] = (log.file, name.position.line)
            return
        }
        let place = first.file == log.file ? "in line \(first.line)" : "in \(first.file) line \(first.line)"
        log.add(
            .conflict, at: name.position,
            "job_name: \(Quotation.quote(name.value)) is used twice, first \(place): expected a name of its own")
    }
}
