package import HTTPClient
package import NIOCore
package import Relabeling
package import SeriesRules
package import TLS

/// What the scrapes of one event loop have in common.
///
/// Owns the timer behind all schedules and what the clients share; else the loop, the clock, the budget for bodies, and
/// the caller's answers to what depends on a target.
package struct ScrapeEnvironment {
    /// Where everything of these scrapes happens.
    package let eventLoop: any EventLoop
    /// Memory for bodies in flight.
    package let budget: BodyBudget
    /// Tells scrapers of the same targets apart, so that two of them scrape at different times.
    package var seed: UInt64
    /// The version in `User-Agent`.
    package var version: String
    /// Wall time for timestamps and ticks.
    package var clock: WallClock
    /// Resolver, address policy and proxy.
    package var httpSettings: (Target) -> HTTPClientSettings
    /// Certificates and trust for a target's `https` URL.
    package var tlsContext: (Target) -> TLSContext?
    /// The name to verify instead of the URL's host (`tls_config.server_name`).
    package var serverName: (Target) -> String?
    /// Headers beyond those of every scrape, credentials for instance.
    package var extraHeaders: (Target) -> [(String, String)]
    /// What its job asks of the series in its bodies; nil leaves them alone.
    package var seriesPolicy: (Target) -> SeriesPolicy?
    /// Whether a target is fetched or its body made in this process.
    package var source: (Target) -> ScrapeSource
    /// The starts of all scrapes.
    let starts: LoopTimer
    private let means: HTTPClientMeans

    /// An environment for plain HTTP targets; set what differs.
    package init(eventLoop: any EventLoop, budget: BodyBudget = BodyBudget(), seed: UInt64 = 0, version: String) {
        self.eventLoop = eventLoop
        self.budget = budget
        self.seed = seed
        self.version = version
        clock = .system
        httpSettings = { _ in HTTPClientSettings() }
        tlsContext = { _ in nil }
        serverName = { _ in nil }
        extraHeaders = { _ in [] }
        seriesPolicy = { _ in nil }
        source = { _ in .http }
        starts = LoopTimer(eventLoop: eventLoop)
        means = HTTPClientMeans(eventLoop: eventLoop, budget: budget)
    }

    /// The request of every scrape of a target, as long as neither target nor credentials change.
    func request(for target: Target) -> Result<HTTPRequest, HTTPClientError> {
        do throws(HTTPClientError) {
            let headers = ScrapeHeaders.headers(for: target, version: version, extra: extraHeaders(target))
            return .success(
                try HTTPRequest(try HTTPURL(parsing: target.url), headers: headers, isDiscovered: target.isDiscovered))
        } catch {
            return .failure(error)
        }
    }

    func makeClient(for target: Target) -> HTTPClient {
        HTTPClient(
            means: means, tls: tlsContext(target), serverName: serverName(target), settings: httpSettings(target))
    }
}
