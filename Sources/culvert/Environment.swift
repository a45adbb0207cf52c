import FoundationEssentials

/// The process' environment; nothing else reads it.
enum Environment {
    static var variables: [String: String] { ProcessInfo.processInfo.environment }
}
