extension CollectorSettings {
    /// What the settings amount to, a line each, for `culvert check`. No secret stands in it.
    package func describe() -> [String] {
        var lines = ["tunnel on \(tunnel.listenAddress)"]
        if let domain = tunnel.trustDomain { lines.append("trust domain \(domain)") }
        lines.append(
            "web on \(web.tlsConfig == nil ? "http" : "https")://\(web.listenAddress)\(web.effectiveRoutePrefix)")
        if let url = web.externalURL { lines.append("external URL \(url)") }
        let place = log.directory.map { "in \($0)" } ?? "in memory"
        lines.append(
            "log \(place), \(PrometheusDuration.text(log.history)) of history, at most \(ByteSize.text(log.maxSize))")
        if let agents {
            lines.append("\(agents.count) \(agents.count == 1 ? "agent" : "agents") may connect")
            lines += agents.map { "agent \($0.name) stamps \($0.stamps)" }
        } else {
            lines.append("every agent with a valid certificate may connect")
        }
        lines += readers.map { reader in
            let key = reader.isKeyedByAddress ? " from each address" : ""
            return "history for reader \(reader.name)\(key), at most \(PrometheusDuration.text(reader.maxAge)) old"
        }
        return lines.map(Quotation.escape)
    }
}
