import PrometheusInstrumentation
import Testing

/// The page of a registry as text.
func page(_ registry: MetricsRegistry) -> String {
    String(decoding: registry.render(), as: UTF8.self)
}

/// The value of a sample on the page, by the text of its series.
func sample(_ series: String, _ registry: MetricsRegistry) -> String? {
    page(registry).split(separator: "\n").first { $0.hasPrefix(series + " ") }.map {
        String($0.dropFirst(series.count + 1))
    }
}

/// How often the registry ignored something for this reason.
func misuse(_ reason: String, _ registry: MetricsRegistry) -> String? {
    sample("client_misuse_total{reason=\"\(reason)\"}", registry)
}

/// Expects a refusal of this kind.
func expectRefusal(
    _ code: RegistrationError.Code, sourceLocation: SourceLocation = #_sourceLocation,
    _ register: () throws(RegistrationError) -> Void
) {
    do throws(RegistrationError) {
        try register()
        Issue.record("was taken, expected \(code)", sourceLocation: sourceLocation)
    } catch {
        #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        #expect(!error.message.isEmpty, sourceLocation: sourceLocation)
    }
}
