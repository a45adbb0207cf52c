import Foundation

/// The listening sockets of a process, as the kernel tells.
enum Sockets {
    /// Local addresses (hexadecimal, as in `/proc/net/tcp`) of every listening TCP socket and every bound UDP socket that
    /// `pid` has open.
    static func listening(_ pid: pid_t) throws -> [String] {
        let directory = "/proc/\(pid)/fd"
        let inodes = try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { name -> String? in
            guard let link = try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/" + name),
                link.hasPrefix("socket:[")
            else { return nil }
            return String(link.dropFirst("socket:[".count).dropLast())
        }
        let open = Set(inodes)
        return try ["tcp", "tcp6", "udp", "udp6"].flatMap { table -> [String] in
            guard let data = FileManager.default.contents(atPath: "/proc/\(pid)/net/\(table)") else {
                throw CocoaError(.fileReadUnknown)
            }
            return String(decoding: data, as: UTF8.self).split(separator: "\n").dropFirst().compactMap { line in
                let fields = line.split(separator: " ")
                guard fields.count > 9, open.contains(String(fields[9])) else { return nil }
                // 0A is LISTEN; a UDP socket in state 07 receives from anybody.
                guard fields[3] == (table.hasPrefix("tcp") ? "0A" : "07") else { return nil }
                return "\(table) \(fields[1])"
            }
        }
    }
}
