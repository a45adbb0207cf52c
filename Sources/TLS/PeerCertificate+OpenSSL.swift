import COpenSSL
import Glibc

extension PeerCertificate {
    /// Copies what is needed out of an `X509*`, which stays the caller's.
    init(_ certificate: OpaquePointer) {
        subject = unsafe Self.text(of: X509_get_subject_name(certificate))
        issuer = unsafe Self.text(of: X509_get_issuer_name(certificate))
        var serialBytes: UnsafePointer<UInt8>?
        let serialLength = unsafe culvert_serial(certificate, &serialBytes)
        serial = unsafe Self.hex(UnsafeBufferPointer(start: serialBytes, count: serialLength))
        notBefore = unsafe culvert_unix_time(X509_get0_notBefore(certificate))
        notAfter = unsafe culvert_unix_time(X509_get0_notAfter(certificate))
        publicKeyHash = unsafe [UInt8](unsafeUninitializedCapacity: 32) { buffer, count in
            count = unsafe culvert_public_key_hash(certificate, buffer.baseAddress) == 1 ? 32 : 0
        }
        uriNames = []
        dnsNames = []
        ipAddresses = []
        otherNameCount = 0
        guard let names = unsafe culvert_alternative_names(certificate) else { return }
        defer { unsafe culvert_free_names(names) }
        for index in 0..<(unsafe culvert_name_count(names)) {
            var start: UnsafePointer<UInt8>?
            var length = 0
            let type = unsafe culvert_name(names, index, &start, &length)
            let bytes = unsafe [UInt8](UnsafeBufferPointer(start: start, count: length))
            switch type {
            case GEN_URI: uriNames.append(bytes)
            case GEN_DNS: dnsNames.append(Self.printable(bytes))
            case GEN_IPADD: ipAddresses.append(Self.address(bytes))
            default: otherNameCount += 1
            }
        }
    }

    private static func text(of name: OpaquePointer?) -> String {
        unsafe String(unsafeUninitializedCapacity: 1024) { buffer in
            unsafe buffer.withMemoryRebound(to: CChar.self) {
                unsafe culvert_print_name(name, $0.baseAddress, $0.count)
            }
        }
    }

    private static func hex(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for index in bytes.indices {
            let byte = unsafe bytes[index]
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    private static func address(_ bytes: [UInt8]) -> String {
        guard bytes.count == 4 || bytes.count == 16 else { return printable(bytes) }
        let family = bytes.count == 4 ? AF_INET : AF_INET6
        var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard unsafe inet_ntop(family, bytes, &text, socklen_t(text.count)) != nil else { return printable(bytes) }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
