import Relabeling

/// What makes a target the same target: its final labels and its URL.
///
/// Owns the stable hash from which the phase follows; it depends on nothing but these two.
struct TargetIdentity: Hashable {
    let labels: Labels
    let url: String

    init(_ target: Target) {
        labels = target.labels
        url = target.url
    }

    /// FNV-1a of 64 bits over labels and URL, equal in every process.
    var stableHash: UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        func mix(_ text: String) {
            for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            // 0xff occurs in no UTF-8: it ends every part.
            hash = (hash ^ 0xff) &* 0x100_0000_01b3
        }
        for (name, value) in labels.pairs {
            mix(name)
            mix(value)
        }
        mix(url)
        return hash
    }
}
