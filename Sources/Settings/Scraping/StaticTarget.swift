/// A target written down in a job.
package struct StaticTarget: Sendable, Hashable {
    /// `host` or `host:port`, as it was written.
    package var address: String
    /// The line of the file it stands in.
    package var line: Int
    /// The column it begins in.
    package var column: Int

    /// A target and where it stands.
    package init(address: String, line: Int = 0, column: Int = 0) {
        self.address = address
        self.line = line
        self.column = column
    }

    /// What is wrong with `address`, in words; `nil` when it can be dialled.
    package static func mistake(in address: String) -> String? {
        let found = "found \(Quotation.quote(address))"
        if address.isEmpty { return "expected host:port, found an empty text" }
        if address.contains("/") {
            return "expected host:port, \(found): the scheme belongs into scheme, the path into metrics_path"
        }
        guard let (host, port) = HostPort.split(address) else {
            return "expected host:port, an IPv6 address in brackets, \(found)"
        }
        guard HostPort.isHost(host) else { return "expected host:port, \(found)" }
        if let port {
            guard let number = HostPort.portNumber(port), number > 0 else {
                return "expected a port between 1 and 65535, \(found)"
            }
        }
        return nil
    }
}
