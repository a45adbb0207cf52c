import Yams

/// Which formats targets are asked for, and what is made of an answer that names none.
package struct ScrapeNegotiation: Sendable, Hashable {
    /// nil where the defaults count, which depend on `nativeHistograms`.
    private var protocols: [ScrapeProtocol]?
    /// What a body is whose Content-Type is missing or unknown; nil leaves that to the reader, as it came.
    package var fallback: ScrapeProtocol?
    /// Whether native histograms are wanted, which travel in protobuf only.
    package var nativeHistograms = false
    /// How names outside the old alphabet are to be written; nil does not ask.
    package var escaping: String?

    package init() {}

    /// The formats in the order in which they are asked for.
    package var formats: [ScrapeProtocol] {
        protocols ?? (nativeHistograms ? [.protobuf] : []) + [.openMetrics1, .openMetrics0, .text1, .text0]
    }

    /// The header `Accept`.
    package var accept: String { ScrapeProtocol.accept(formats, escaping: escaping) }

    static func read(_ reader: MappingReader, inheriting global: ScrapeNegotiation) -> ScrapeNegotiation {
        var own = global
        if let list = reader.list("scrape_protocols", of: "formats") { own.protocols = read(list, reader) }
        if let name = reader.string("fallback_scrape_protocol", expected: ScrapeProtocol.names), !name.value.isEmpty {
            own.fallback = one(name.value, "fallback_scrape_protocol", at: name.position, reader)
        }
        if let wanted = reader.bool("scrape_native_histograms") { own.nativeHistograms = wanted.value }
        readNames(reader, &own)
        return own
    }

    private static func read(_ list: Located<[Node]>, _ reader: MappingReader) -> [ScrapeProtocol] {
        var protocols: [ScrapeProtocol] = []
        for node in list.value {
            let place = node.position ?? list.position
            guard let text = node.scalar?.string else {
                reader.log.add(
                    .wrongType, at: place, "scrape_protocols: expected a list of formats, found \(node.kind)")
                continue
            }
            guard let format = one(text, "scrape_protocols", at: place, reader) else { continue }
            if protocols.contains(format) {
                reader.log.add(.conflict, at: place, "scrape_protocols: \(text) is there twice")
            } else {
                protocols.append(format)
            }
        }
        if list.value.isEmpty {
            reader.log.add(.invalidValue, at: list.position, "scrape_protocols: expected at least one format")
        }
        return protocols
    }

    private static func one(
        _ name: String, _ key: String, at place: SourcePosition, _ reader: MappingReader
    ) -> ScrapeProtocol? {
        if let format = ScrapeProtocol(rawValue: name) { return format }
        reader.reject(key, at: place, expected: ScrapeProtocol.names, found: Quotation.quote(name))
        return nil
    }

    /// What readers accept as names decides what targets may be asked for; the check itself is the reader's.
    private static func readNames(_ reader: MappingReader, _ own: inout ScrapeNegotiation) {
        let validation = reader.string("metric_name_validation_scheme", expected: "utf8 or legacy")
        if let validation, !["utf8", "legacy", ""].contains(validation.value) {
            reader.reject(
                "metric_name_validation_scheme", at: validation.position, expected: "utf8 or legacy",
                found: Quotation.quote(validation.value))
        }
        let schemes = "allow-utf-8, underscores, dots or values"
        guard let scheme = reader.string("metric_name_escaping_scheme", expected: schemes), !scheme.value.isEmpty
        else { return }
        guard ["allow-utf-8", "underscores", "dots", "values"].contains(scheme.value) else {
            return reader.reject(
                "metric_name_escaping_scheme", at: scheme.position, expected: schemes,
                found: Quotation.quote(scheme.value))
        }
        if scheme.value == "allow-utf-8", validation?.value == "legacy" {
            reader.log.add(
                .conflict, at: scheme.position,
                "metric_name_escaping_scheme: allow-utf-8 gives names that metric_name_validation_scheme legacy refuses"
            )
        }
        own.escaping = scheme.value
    }
}
