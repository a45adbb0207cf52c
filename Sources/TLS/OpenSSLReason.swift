import COpenSSL

/// One entry of OpenSSL's error queue: which library, which reason.
struct OpenSSLReason {
    let entry: UInt

    init(_ entry: UInt) {
        self.entry = entry
    }

    /// The number of the library that reported it.
    var library: Int32 { ERR_GET_LIB(entry) }

    /// The reason's number within its library.
    var reason: Int32 { ERR_GET_REASON(entry) }

    /// The reason if libssl itself reported it.
    var tlsReason: Int32? { library == ERR_LIB_SSL ? reason : nil }

    /// The alert the peer sent, if that is what the entry reports.
    var alert: UInt8? {
        guard let tlsReason, tlsReason >= 1000 else { return nil }
        return UInt8(exactly: tlsReason - 1000)
    }

    /// Whether a PEM reader came to the end of its input without finding another block.
    var isEndOfPEM: Bool { library == ERR_LIB_PEM && reason == PEM_R_NO_START_LINE || entry == 0 }

    /// OpenSSL's own words, for what we have no better sentence for.
    var text: String {
        guard entry != 0 else { return "no reason given" }
        guard let words = unsafe ERR_reason_error_string(entry) else {
            return "OpenSSL error \(String(entry, radix: 16))"
        }
        return unsafe String(cString: words)
    }
}
