/// The request targets of target pages: `PREFIX/targets/{id}/metrics`, with `timestamps` or nothing behind it.
struct TargetPath: Sendable {
    /// What stands before the id.
    let front: [UInt8]
    private static let back = Array("/metrics".utf8)
    private static let idLength = 32

    /// - Parameter routePrefix: empty or `/prefix`, no slash at the end.
    init(routePrefix: String) {
        front = Array((routePrefix + "/targets/").utf8)
    }

    /// Bytes in front of the id.
    var idOffset: Int { front.count }

    /// The target named and whether timestamps are wanted; nil for everything else, which the router judges.
    func parse(_ uri: String) -> (id: TargetID, timestamps: Bool)? {
        var rest = Substring(uri).utf8
        guard rest.starts(with: front) else { return nil }
        rest = rest.dropFirst(front.count)
        let digits = rest.prefix(Self.idLength)
        rest = rest.dropFirst(Self.idLength)
        guard rest.starts(with: Self.back) else { return nil }
        rest = rest.dropFirst(Self.back.count)
        let timestamps: Bool
        switch rest.count {
        case 0: timestamps = false
        case 16 where rest.elementsEqual("?timestamps=true".utf8): timestamps = true
        case 17 where rest.elementsEqual("?timestamps=false".utf8): timestamps = false
        default: return nil
        }
        guard let id = TargetID(Substring(digits)) else { return nil }
        return (id, timestamps)
    }
}
