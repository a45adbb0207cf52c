/// A header that goes along with CONNECT, to the proxy only.
///
/// Owns a name and a value fit for a request; the value is never printed.
package struct ProxyHeader: Sendable, Hashable {
    let name: String
    let value: HiddenText

    /// Fails with `.invalidRequest` naming a header that would break the request apart, never its value.
    package init(name: String, value: String) throws(HTTPClientError) {
        guard HTTPRequest.canSend(name: name, value: value) else {
            throw HTTPClientError(.invalidRequest, "proxy_connect_header: header \(name) cannot be sent")
        }
        self.name = name
        self.value = HiddenText(value)
    }
}
