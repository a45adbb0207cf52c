import HTTPClient
import ScrapeCodec

extension ScrapeOutcome {
    /// The ending of a scrape whose request failed.
    init(_ error: HTTPClientError) {
        let code: Code =
            switch error.code {
            case .invalidRequest, .connectionFailed: .connectionFailed
            case .resolutionFailed: .resolutionFailed
            case .tlsFailed: .tlsFailed
            case .timedOut: .timedOut
            case .unexpectedStatus: .unexpectedStatus
            case .malformedResponse: .malformedResponse
            case .bodyTooLarge: .bodyTooLarge
            case .connectionLost: .connectionLost
            case .badEncoding: .badEncoding
            case .redirectRefused: .redirectRefused
            case .overloaded: .overloaded
            }
        self.init(code: code, status: UInt16(clamping: error.status), message: error.message)
    }
}
