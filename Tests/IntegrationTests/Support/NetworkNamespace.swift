import Foundation
import TestSupport

/// A network of its own, joined to ours by one cable, into which nothing can be dialled: every packet that does not answer
/// one from inside is dropped. Needs root. Removed when released.
final class NetworkNamespace: Sendable {
    let name: String
    /// Our end of the cable.
    let outside: String
    /// Its end of the cable.
    let inside: String

    init() throws {
        let number = UInt32.random(in: 0..<(1 << 14))
        name = "culvert-\(number)"
        // Of 198.18.0.0/15, which is reserved for tests.
        let base = "198.18.\(number >> 6)."
        outside = base + "\((number & 63) * 4 + 1)"
        inside = base + "\((number & 63) * 4 + 2)"
        let (near, far) = ("cv\(number)a", "cv\(number)b")
        let ip = try Peers.ip.required()
        let tables = try Peers.iptables.required()
        try CommandLineTool.output(of: ip, ["netns", "add", name])
        try CommandLineTool.output(of: ip, ["link", "add", near, "type", "veth", "peer", "name", far, "netns", name])
        try CommandLineTool.output(of: ip, ["addr", "add", outside + "/30", "dev", near])
        try CommandLineTool.output(of: ip, ["link", "set", near, "up"])
        try CommandLineTool.output(of: ip, ["-n", name, "addr", "add", inside + "/30", "dev", far])
        for device in ["lo", far] { try CommandLineTool.output(of: ip, ["-n", name, "link", "set", device, "up"]) }
        for rule in [
            ["-P", "INPUT", "DROP"], ["-A", "INPUT", "-i", "lo", "-j", "ACCEPT"],
            ["-A", "INPUT", "-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"],
        ] {
            try CommandLineTool.output(of: ip, ["netns", "exec", name, tables] + rule)
        }
    }

    deinit {
        // Takes the cable with it.
        _ = try? CommandLineTool.run(
            "ip", ["netns", "del", name], environment: ["PATH": "/usr/sbin:/sbin:/usr/bin:/bin"])
    }
}
