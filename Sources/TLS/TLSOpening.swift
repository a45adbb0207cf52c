import NIOCore

/// The first bytes the peer sent, kept to tell a TLS peer from one that speaks something else.
struct TLSOpening {
    private var bytes: [UInt8] = []

    /// Keeps what is still missing of the first 16 bytes from `input`, which is not consumed.
    mutating func note(_ input: ByteBuffer) {
        guard bytes.count < 16 else { return }
        bytes.append(contentsOf: input.readableBytesView.prefix(16 - bytes.count))
    }

    /// Whether the peer sent anything at all.
    var isEmpty: Bool { bytes.isEmpty }

    /// Whether this cannot be the start of a TLS record: a type between 20 and 23, then a 3.
    var isForeign: Bool {
        guard let first = bytes.first else { return false }
        guard (20...23).contains(first) else { return true }
        return bytes.count > 1 && bytes[1] != 3
    }

    /// Whether it is the start of an HTTP response.
    var isHTTPResponse: Bool { bytes.starts(with: "HTTP/".utf8) }

    /// Whether it is the start of an HTTP request.
    var isHTTPRequest: Bool {
        ["GET ", "HEAD ", "POST ", "PUT ", "DELETE ", "OPTIONS ", "PATCH ", "CONNECT ", "PRI * "]
            .contains { bytes.starts(with: $0.utf8) }
    }

    /// The bytes as text, for messages.
    var text: String { PeerCertificate.printable(bytes) }
}
