/// What /proc says about this process, taken from the text of its files.
///
/// Owns the parsing only: a file that is missing or looks different yields nil, never a wrong number.
package struct ProcessStatus {
    /// Fields of `/proc/self/stat`.
    package struct Stat: Hashable {
        /// User and system time together, in clock ticks.
        package var cpuTicks: Double
        /// When the process started, in clock ticks after boot.
        package var startTicks: Double
        /// Size of the address space in bytes.
        package var virtualBytes: Double
        /// Resident memory in pages.
        package var residentPages: Double

        package init(cpuTicks: Double, startTicks: Double, virtualBytes: Double, residentPages: Double) {
            self.cpuTicks = cpuTicks
            self.startTicks = startTicks
            self.virtualBytes = virtualBytes
            self.residentPages = residentPages
        }
    }

    /// The fields of the one line of `/proc/self/stat`.
    package static func stat(_ text: String) -> Stat? {
        // The command, field 2, is in parentheses and may itself hold blanks and parentheses.
        guard let close = text.lastIndex(of: ")") else { return nil }
        let fields = text[text.index(after: close)...].split(whereSeparator: \.isWhitespace)
        func field(_ number: Int) -> Double? {
            // The first field behind the command is number 3.
            fields.indices.contains(number - 3) ? Double(fields[number - 3]) : nil
        }
        guard let user = field(14), let system = field(15), let start = field(22), let virtual = field(23),
            let resident = field(24)
        else { return nil }
        return Stat(cpuTicks: user + system, startTicks: start, virtualBytes: virtual, residentPages: resident)
    }

    /// The boot time in seconds since the Unix epoch, from `/proc/stat`.
    package static func bootTime(_ text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix("btime ") {
            return Double(line.dropFirst("btime ".count))
        }
        return nil
    }

    /// The soft limit of a row of `/proc/self/limits`; no limit is the largest 64-bit number, as other libraries say.
    package static func softLimit(_ row: String, in text: String) -> Double? {
        for line in text.split(separator: "\n") where line.hasPrefix(row) {
            guard let value = line.dropFirst(row.count).split(separator: " ").first else { return nil }
            return value == "unlimited" ? Double(UInt64.max) : Double(value)
        }
        return nil
    }

    /// Bytes received and sent by the process' network namespace, from `/proc/self/net/netstat`.
    package static func networkBytes(_ text: String) -> (received: Double, sent: Double)? {
        // Rows come in pairs: names, then values, both after "IpExt:".
        let rows = text.split(separator: "\n").filter { $0.hasPrefix("IpExt:") }.map { $0.split(separator: " ") }
        guard rows.count == 2, rows[0].count == rows[1].count else { return nil }
        func value(_ name: Substring) -> Double? {
            rows[0].firstIndex(of: name).flatMap { Double(rows[1][$0]) }
        }
        guard let received = value("InOctets"), let sent = value("OutOctets") else { return nil }
        return (received, sent)
    }
}
