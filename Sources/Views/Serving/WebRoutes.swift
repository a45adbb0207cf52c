import HTTPTypes
import Hummingbird
import NIOCore
import NIOPosix
import PrometheusInstrumentation

/// What answers at which path. See design §8 for the contract of each.
struct WebRoutes: Sendable {
    let configuration: WebConfiguration
    let store: TargetStore
    let registry: MetricsRegistry
    let reload: @Sendable () throws -> Void
    let metrics: WebMetrics
    let targetPages: TargetPages
    /// Nil when no history is kept for readers.
    let history: History?
    private let pageBudget = PageBudget()

    static let textFormat = "text/plain; version=0.0.4; charset=utf-8"
    private static let json = "application/json"

    func register(on router: Router<ReaderContext>) {
        let root = router.group(RouterPath(configuration.routePrefix))
        get(root, "/targets/{id}/metrics", "target", target)
        get(root, "/agents/{name}/metrics", "agent", agent)
        get(root, "/sd", "sd", serviceDiscovery)
        get(root, "/metrics", "metrics") { _, _ in page(registry.render(), Self.textFormat) }
        get(root, "/api/v1/targets", "api_targets", targetsAPI)
        get(root, "/api/v1/agents", "api_agents") { _, _ in page(APIPage.agents(store), Self.json) }
        get(root, "/api/v1/readers", "api_readers", readersAPI)
        get(root, "/api/v1/agents/{name}/verify", "api_verify", verify)
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
            // The length a GET would have, without the body; in this order, as a new body brings its own length.
            let length = response.body.contentLength
            response.body = ResponseBody()
            response.headers[.contentLength] = length.map { String($0) }
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
        guard query["timestamps"] == nil || (query["history"] == nil && query["at"] == nil),
            query["history"] == nil || query["at"] == nil
        else { return failure(400, "of timestamps, history and at, only one can be given") }
        let timestamps = query["timestamps"].map(String.init) ?? "false"
        guard timestamps == "true" || timestamps == "false" else {
            return failure(400, "timestamps must be true or false")
        }
        let headers = TargetRequestHeaders(
            userAgent: request.headers[.userAgent], scrapeTimeout: request.headers[.scrapeTimeout],
            accept: request.headers[values: .accept], acceptEncoding: request.headers[values: .acceptEncoding])
        let asked = targetPages.request(id, timestamps: timestamps == "true", headers, context.reader)
        if let time = query["at"] {
            let machine = TimeMachine(pages: targetPages, budget: pageBudget)
            return await follow(await machine.answer(asked, at: String(time)), context)
        }
        guard let name = query["history"].map(String.init) else {
            return Response(await targetPages.response(to: asked))
        }
        let peek = query["peek"].map(String.init) ?? "0"
        guard peek == "0" || peek == "1" else { return failure(400, "peek must be 0 or 1") }
        // Without the body nothing is read.
        let isPeek = peek == "1" || request.method == .head
        return await readHistory(asked, name, isPeek: isPeek, context)
    }

    private func readHistory(
        _ asked: TargetRequest, _ name: String, isPeek: Bool, _ context: ReaderContext
    ) async -> Response {
        guard let history else { return Response(HistoryPages.unknown(name)) }
        let pages = HistoryPages(history: history, pages: targetPages, budget: pageBudget)
        let answer = await pages.answer(
            .init(target: asked.read.id, name: name, isPeek: isPeek, reader: context.reader, plain: asked))
        return await follow(answer, context)
    }

    /// Has what becomes of an answer's bytes noted.
    private func follow(_ answer: FollowedAnswer, _ context: ReaderContext) async -> Response {
        guard let delivery = answer.delivery else { return Response(answer.response) }
        let pipeline = context.channel.pipeline
        do {
            try await context.channel.eventLoop.submit {
                try pipeline.syncOperations.handler(type: PageDeliveryHandler.self).expect(delivery)
            }.get()
        } catch {
            delivery.release()
        }
        return Response(answer.response)
    }

    // MARK: Agents

    @Sendable private func agent(_ request: Request, _ context: ReaderContext) async -> Response {
        guard let name = context.parameters.get("name"), let agent = store.agent(name) else {
            return failure(404, "no such agent")
        }
        let targets = store.targets(of: agent)
        return page(AgentMetricsPage.render(agent, targets: targets, now: store.now), Self.textFormat)
    }

    @Sendable private func verify(_ request: Request, _ context: ReaderContext) async -> Response {
        guard let name = context.parameters.get("name"), let agent = store.agent(name) else {
            return failure(404, "no such agent")
        }
        guard request.method == .get else { return failure(405, "only GET is answered here") }
        guard let verifier = agent.verifier else { return failure(503, "there is no copy of this agent's log yet") }
        do {
            return page(try await verifier().page, Self.json)
        } catch {
            return failure(503, "\(error)")
        }
    }

    // MARK: Lists

    @Sendable private func serviceDiscovery(_ request: Request, _ context: ReaderContext) async -> Response {
        let query = request.uri.queryParameters
        var filter = ServiceDiscoveryPage.Filter(
            agent: query["agent"].map(String.init), job: query["job"].map(String.init))
        if let name = query["history"].map(String.init) {
            guard history?.isDeclared(name) == true else { return Response(HistoryPages.unknown(name)) }
            filter.history = name
        }
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

    @Sendable private func readersAPI(_ request: Request, _ context: ReaderContext) async -> Response {
        guard let history else { return page(Array(#"{"status":"success","data":{"readers":[]}}"#.utf8), Self.json) }
        let store = store
        let bytes = try? await NIOThreadPool.singleton.runIfActive { ReadersPage.render(history, store) }
        return bytes.map { page($0, Self.json) } ?? failure(503, "the collector stops")
    }

    @Sendable private func ready(_ request: Request, _ context: ReaderContext) async -> Response {
        if let reason = store.unreadiness() { return failure(503, reason) }
        return text(.ok, "Culvert collector is ready.\n")
    }

    @Sendable private func index(_ request: Request, _ context: ReaderContext) async -> Response {
        let names = history?.readers.map(\.name) ?? []
        let readers = names.isEmpty ? "" : ": \(names.joined(separator: ", "))"
        return text(
            .ok,
            """
            Culvert collector
              /sd                      targets, for http_sd_configs
              /targets/{id}/metrics    the newest scrape of a target
                ?timestamps=true       with its time on every sample
                ?at=TIME               the scrape in force at a time
                ?history=NAME          every scrape since reader NAME last read
              /agents/{name}/metrics   the collector's view of an agent
              /api/v1/targets          targets as JSON
              /api/v1/agents           agents as JSON
              /api/v1/agents/{name}/verify  whether both sides hold the same bytes
              /api/v1/readers          readers of history as JSON\(readers)
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

    private func failure(_ status: Int, _ reason: String) -> Response {
        Response(PageResponse(failure: status, reason))
    }
}

extension HTTPField.Name {
    fileprivate static let scrapeTimeout = Self("x-prometheus-scrape-timeout-seconds")
}
