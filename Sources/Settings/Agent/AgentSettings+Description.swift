extension AgentSettings {
    /// What the settings amount to, a line each, for `culvert check`. No secret stands in it.
    package func describe() -> [String] {
        var lines = collectors.map { collector in
            "collector \(collector.name)" + (collector.proxyURL.map { " through proxy \($0)" } ?? "")
        }
        if let directory = log.directory {
            lines.append("log in \(directory), at most \(ByteSize.text(log.maxSize))")
        } else {
            lines.append("log in memory, at most \(ByteSize.text(log.memorySize))")
        }
        for job in scrapeConfigs { lines += job.describe() }
        if scrapeConfigs.isEmpty { lines.append("no jobs") }
        return lines.map(Quotation.escape) + notices.map { "note: \($0)" }
    }
}
