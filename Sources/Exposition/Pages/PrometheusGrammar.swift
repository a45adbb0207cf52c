/// What the parsers of Prometheus take, for pages that must not be refused: one line they refuse costs a whole page.
///
/// The two differ where Prometheus 3 takes more; nothing that the first takes is refused by the second.
package enum PrometheusGrammar: Sendable, Hashable {
    /// As Prometheus 2.42 has it, and whoever does not say that it takes more.
    case classic
    /// As Prometheus 3 has it: quoted names, exemplars on every sample, a comma behind the last label in OpenMetrics.
    case utf8

    /// The grammar of a reader, by its `Accept` headers: Prometheus 3 names the escaping of names it wants. Who names no
    /// text format at all is no Prometheus, and nothing is kept from it.
    package init(accept values: [String]) {
        let text = values.joined(separator: ",").lowercased()
        let isOld = (text.contains("text/plain") || text.contains("openmetrics-text")) && !text.contains("escaping=")
        self = isOld ? .classic : .utf8
    }
}
