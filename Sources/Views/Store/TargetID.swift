import Relabeling
import TLS

/// The name of a target in URLs: 128 bits of SHA-256 over agent, the agent's final labels and the URL, as 32 hex digits.
/// Intervals and stamps are left out, so that retuning keeps the name.
package struct TargetID: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    package init(agent: String, target: TargetDescription) {
        // Every part is preceded by its length: no two different inputs give the same bytes.
        var input: [UInt8] = []
        func append(_ text: String) {
            let length = UInt32(truncatingIfNeeded: text.utf8.count)
            for shift: UInt32 in [0, 8, 16, 24] { input.append(UInt8(truncatingIfNeeded: length >> shift)) }
            input.append(contentsOf: text.utf8)
        }
        append(agent)
        for (name, value) in target.labels.pairs {
            append(name)
            append(value)
        }
        append(target.url)
        let digits = Array("0123456789abcdef".utf8)
        let hex = Digest.sha256(input).prefix(16).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
        description = String(decoding: hex, as: UTF8.self)
    }

    /// Takes an id out of a URL; nil unless it has the form of one.
    package init?(_ text: some StringProtocol) {
        guard text.utf8.count == 32, text.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) }) else {
            return nil
        }
        description = String(text)
    }
}
