/// One entry of the operator's list of what may be dialled.
///
/// Owns a block of addresses, and which ports and schemes in it are meant.
package struct AddressRule: Sendable, Hashable {
    let block: AddressBlock
    let ports: [ClosedRange<Int>]
    let schemes: Set<HTTPURL.Scheme>

    /// `cidr` is a block such as `10.0.0.0/8`, or one address; no ports, or no schemes, means all of them. Fails with
    /// `.invalidRequest` naming a block that is none.
    package init(
        cidr: String, ports: [ClosedRange<Int>] = [], schemes: Set<HTTPURL.Scheme> = []
    ) throws(HTTPClientError) {
        guard let block = AddressBlock(cidr) else {
            throw HTTPClientError(.invalidRequest, "policy.allow: expected a block such as 10.0.0.0/8, found \(cidr)")
        }
        self.block = block
        self.ports = ports
        self.schemes = schemes
    }

    /// Whether it permits this port and scheme, whatever the address.
    func permits(port: Int, scheme: HTTPURL.Scheme) -> Bool {
        (ports.isEmpty || ports.contains { $0.contains(port) }) && (schemes.isEmpty || schemes.contains(scheme))
    }
}
