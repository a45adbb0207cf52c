import Exposition
import HTTPTypes
import Hummingbird
import NIOCore
import PrometheusInstrumentation

/// What answers at which path. See design §8 for the contract of each.
struct WebRoutes: Sendable {
    let configuration: WebConfiguration
    let store: TargetStore
    let registry: MetricsRegistry
    let reload: @Sendable () throws -> Void
    let metrics: WebMetrics

    private static let textFormat = "text/plain; version=0.0.4; charset=utf-8"
    private static let json = "application/json"

    func register(on router: Router<ReaderContext>) {
        let root = router.group(RouterPath(configuration.routePrefix))
        get(root, "/targets/{id}/metrics", "target", target)
        get(root, "/agents/{name}/metrics", "agent", agent)
        get(root, "/sd", "sd", serviceDiscovery)
        get(root, "/metrics", "metrics") { _, _ in page(registry.render(), Self.textFormat) }
        get(root, "/api/v1/targets", "api_targets", targetsAPI)
        get(root, "/api/v1/agents", "api_agents") { _, _ in page(APIPage.agents(store), Self.json) }
        get(root, "/-/healthy", "healthy") { _, _ in text(.ok, "Culvert collector is healthy.\n") }
        get(root, "/-/ready", "ready", ready)
        get(root, "/", "index", index)
        root.post("/-/reload") { _, _ in counted("reload", reloadRequest()) }
    }

    private func get(
        _ group: RouterGroup<ReaderContext>, _ path: RouterPath, _ name: String,
        _ handler: @escaping @Sendable (Request, ReaderContext) async -> Response
    ) {
        group.get(path) { request, context in counted(name, await handler(request, context)) }
        group.head(path) { request, context in
            var response = counted(name, await handler(request, context))
            // The length a GET would have, without the body.
            if let length = response.body.contentLength { response.headers[.contentLength] = String(length) }
            response.body = ResponseBody()
            return response
        }
        for method in [HTTPRequest.Method.post, .put, .delete, .patch] {
            group.on(path, method: method) { _, _ in
                var response = counted(name, failure(405, "only GET and HEAD are answered here"))
                response.headers[.allow] = "GET, HEAD"
                return response
            }
        }
    }

    private func counted(_ name: String, _ response: Response) -> Response {
        metrics.count(name, response.status.code, bytes: response.body.contentLength ?? 0)
        return response
    }

    // MARK: Targets

    @Sendable private func target(_ request: Request, _ context: ReaderContext) async -> Response {
        guard let id = context.parameters.get("id").flatMap({ TargetID($0) }) else {
            return failure(404, "no such target: the id is not 32 hexadecimal digits")
        }
        let query = request.uri.queryParameters
        for name in ["history", "at"] where query[Substring(name)] != nil {
            return failure(501, "the parameter \(name) is not available in this version")
        }
        let timestamps = query["timestamps"].map(String.init) ?? "false"
        guard timestamps == "true" || timestamps == "false" else {
            return failure(400, "timestamps must be true or false")
        }
        let compresses = wantsCompression(request, context)
        let reading = await store.read(
            id, reader: reader(request, context), limit: patience(request), compressed: compresses)
        switch reading {
        case .unknown: return failure(404, "no such target")
        case .withdrawn: return page([], Self.textFormat)
        case .unavailable(let status, let reason): return failure(status, reason)
        case .body(let body):
            return serve(body, timestamps: timestamps == "true", request, compresses)
        }
    }

    private func serve(_ body: ScrapeBody, timestamps: Bool, _ request: Request, _ compresses: Bool) -> Response {
        let format = ContentType(body.contentType)
        if format == .protobuf, !Negotiation.accepts(request.headers[values: .accept], protobuf: true) {
            return failure(406, "this target answers in protobuf, which the reader does not accept")
        }
        if timestamps, format == .protobuf {
            return failure(406, "this target answers in protobuf, to which timestamps cannot be added")
        }
        var headers: HTTPFields = [:]
        if !body.contentType.isEmpty { headers[.contentType] = body.contentType }
        var bytes = body.bytes
        if timestamps {
            bytes = stamped(body, format)
        } else if compresses, let compressed = body.compressed {
            bytes = compressed
            headers[.contentEncoding] = "gzip"
        }
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: bytes))
    }

    /// The scrape's own time on every sample, in the collector's clock when the agent's is known to be far off.
    private func stamped(_ body: ScrapeBody, _ format: ContentType) -> ByteBuffer {
        var output: [UInt8] = []
        unsafe body.bytes.withUnsafeReadableBytes { bytes in
            unsafe SampleTimestamps.stamp(
                bytes, format: format, milliseconds: body.readerTimestamp, into: &output)
        }
        return ByteBuffer(bytes: output)
    }

    /// A number for the one who reads: its address and what it calls itself. Two Prometheis on one host share it; their
    /// reads then follow the rule for newcomers, which is right but for the rare phase at the edge of a scrape.
    private func reader(_ request: Request, _ context: ReaderContext) -> UInt64 {
        var hasher = Hasher()
        hasher.combine(context.address?.ipAddress ?? "")
        hasher.combine(request.headers[.userAgent] ?? "")
        return UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// How long this reader waits for a scrape: its announced timeout less a margin.
    private func patience(_ request: Request) -> Duration {
        let announced = request.headers[.scrapeTimeout].flatMap { Double($0) } ?? 10
        guard announced.isFinite, announced > 0 else { return .zero }
        let seconds = min(announced, 120)
        return .milliseconds(Int64((seconds - min(0.5, seconds * 0.1)) * 1000))
    }

    private func wantsCompression(_ request: Request, _ context: ReaderContext) -> Bool {
        switch configuration.compression {
        case .off: return false
        case .auto where context.isLoopback: return false
        case .auto, .on: return Negotiation.acceptsGzip(request.headers[values: .acceptEncoding])
        }
    }

    // MARK: Agents

    @Sendable private func agent(_ request: Request, _ context: ReaderContext) async -> Response {
        guard let name = context.parameters.get("name"), let agent = store.agent(name) else {
            return failure(404, "no such agent")
        }
        let targets = store.targets(of: agent)
        return page(AgentMetricsPage.render(agent, targets: targets, now: store.now), Self.textFormat)
    }

    // MARK: Lists

    @Sendable private func serviceDiscovery(_ request: Request, _ context: ReaderContext) async -> Response {
        let query = request.uri.queryParameters
        guard query["history"] == nil else {
            return failure(501, "the parameter history is not available in this version")
        }
        var filter = ServiceDiscoveryPage.Filter(
            agent: query["agent"].map(String.init), job: query["job"].map(String.init))
        if let honor = query["honor_labels"] {
            guard honor == "true" || honor == "false" else {
                return failure(400, "honor_labels must be true or false")
            }
            filter.honorLabels = honor == "true"
        }
        if let reason = store.unreadiness() { return failure(503, reason) }
        guard let address = configuration.externalURL?.address ?? hostHeader(request) else {
            return failure(400, "the request has no Host header and web.external_url is not set")
        }
        let page = ServiceDiscoveryPage(address: address, scheme: scheme, pathPrefix: pathPrefix)
        return self.page(page.render(store, filter: filter), Self.json)
    }

    private func hostHeader(_ request: Request) -> String? {
        guard let authority = request.head.authority, !authority.isEmpty,
            authority.utf8.allSatisfy({ (0x21..<0x7F).contains($0) && $0 != UInt8(ascii: "/") })
        else { return nil }
        return authority
    }

    private var scheme: String { configuration.externalURL?.scheme ?? (configuration.tls == nil ? "http" : "https") }

    private var pathPrefix: String { configuration.externalURL?.path ?? configuration.routePrefix }

    @Sendable private func targetsAPI(_ request: Request, _ context: ReaderContext) async -> Response {
        let state = request.uri.queryParameters["state"].map(String.init)
        let address = configuration.externalURL?.address ?? hostHeader(request) ?? ""
        let bytes = APIPage.targets(store, activeOnly: state == "active", droppedOnly: state == "dropped") { target in
            "\(scheme)://\(address)\(pathPrefix)/targets/\(target.id)/metrics"
        }
        return page(bytes, Self.json)
    }

    @Sendable private func ready(_ request: Request, _ context: ReaderContext) async -> Response {
        if let reason = store.unreadiness() { return failure(503, reason) }
        return text(.ok, "Culvert collector is ready.\n")
    }

    @Sendable private func index(_ request: Request, _ context: ReaderContext) async -> Response {
        text(
            .ok,
            """
            Culvert collector
              /sd                      targets, for http_sd_configs
              /targets/{id}/metrics    the newest scrape of a target
              /agents/{name}/metrics   the collector's view of an agent
              /api/v1/targets          targets as JSON
              /api/v1/agents           agents as JSON
              /metrics                 the collector's own metrics
              /-/healthy  /-/ready

            """)
    }

    private func reloadRequest() -> Response {
        guard configuration.enableLifecycle else {
            return failure(403, "Lifecycle API is not enabled: set web.enable_lifecycle")
        }
        do {
            try reload()
            return text(.ok, "")
        } catch {
            return failure(500, "failed to reload config: \(error)")
        }
    }

    // MARK: Responses

    private func page(_ bytes: [UInt8], _ contentType: String) -> Response {
        Response(
            status: .ok, headers: [.contentType: contentType],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    private func text(_ status: HTTPResponse.Status, _ text: String) -> Response {
        Response(
            status: status, headers: [.contentType: "text/plain; charset=utf-8"],
            body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
    }

    /// An error with its reason in the status line, cut to fit, for Prometheus' target page, and in the body, for people.
    private func failure(_ status: Int, _ reason: String) -> Response {
        var response = text(HTTPResponse.Status(code: status), reason + "\n")
        response.headers[.culvertReason] = StatusReasonHandler.clean(reason)
        return response
    }
}

extension HTTPField.Name {
    fileprivate static let culvertReason = Self(StatusReasonHandler.header)
    fileprivate static let scrapeTimeout = Self("x-prometheus-scrape-timeout-seconds")
}

extension HTTPFields {
    /// Unset when the name is not valid, which ours are.
    fileprivate subscript(name: HTTPField.Name?) -> String? {
        get { name.flatMap { self[$0] } }
        set { if let name { self[name] = newValue } }
    }
}
