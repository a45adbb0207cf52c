import Discovery
import HTTPClient
import Logging
import NIOCore
import NIOPosix
import PrometheusInstrumentation
import Relabeling
import ScrapeCodec
import ScrapeLog
import Scraping
import Settings
import TLS
import Tunnel

/// The agent: targets are scraped, results encoded and logged, the log sent through the tunnels. This room wires the
/// others together and owns their lives. Everything here happens on one event loop, so that a scrape costs no hop and no
/// lock; only making the log durable leaves it.
final class AgentCore {
    private let options: AgentOptions
    private var settings: AgentSettings
    private let eventLoop: any EventLoop
    private let threadPool: NIOThreadPool
    /// For what somebody else's files may hold up: the log must not wait for them.
    private let slowPool: NIOThreadPool
    private let logger: Logger
    private let metrics: AgentMetrics
    private let log: ScrapeLog
    private let budget = BodyBudget()
    private let jobs: CurrentClients
    private let references = TargetReferences()
    private var manager: ScrapeManager?
    private var finder: TargetFinder?
    private let failures: FailureLog
    private let name: String

    private var table = TargetTable()
    private var scrapeLogger: ScrapeLogger
    private var source: LogTunnelSource?
    private var clients: [TunnelClient] = []
    private var flushScheduled = false
    private var isStarting = true
    private var isSyncing = false
    private var isProbing = false
    /// The log's figures when they were last looked at.
    private var statistics: ScrapeLogStatistics?
    private var rate = AppendRate()
    private var runwayWatch = RunwayWatch()
    /// Bytes sent to each collector when that was last looked at.
    private var sent: [String: (all: UInt64, backlog: UInt64)] = [:]
    private var timers: [RepeatedTask] = []

    /// Small results that end within this time of each other share one write and one frame.
    private static let batch = TimeAmount.milliseconds(5)
    /// Bytes of log that are worth a write and a frame of their own at once.
    private static let batchBytes = 512

    /// - Throws: `ScrapeLogError`, `TLSError`, `RegistrationError`.
    init(
        _ options: AgentOptions, eventLoop: any EventLoop, threadPool: NIOThreadPool, slowPool: NIOThreadPool
    ) throws {
        self.options = options
        self.settings = options.settings
        self.eventLoop = eventLoop
        self.threadPool = threadPool
        self.slowPool = slowPool
        failures = FailureLog(eventLoop: eventLoop, threadPool: slowPool, logger: options.logger)
        self.logger = options.logger
        self.metrics = try AgentMetrics(
            version: options.version, now: Double(options.wallClock()) / 1e6)
        self.name = try Self.agentName(options.settings)
        let storage: LogStorage =
            settings.log.directory.map { .directory($0) }
            ?? .memory(maximumBytes: Int(clamping: settings.log.memorySize))
        let now = options.wallClock() / 1000
        self.log = try ScrapeLog(
            .init(
                storage: storage, maximumBytes: settings.log.maxSize,
                fallbackBytes: Int(clamping: settings.log.memorySize)),
            nowMilliseconds: now)
        self.scrapeLogger = ScrapeLogger(log: log)
        self.jobs = CurrentClients(
            try JobClients(options.settings, environment: options.environment), eventLoop: eventLoop,
            threadPool: slowPool, logger: options.logger)
    }

    /// The agent's name, from the certificate it shows to its first collector.
    private static func agentName(_ settings: AgentSettings) throws -> String {
        guard let first = settings.collectors.first else { return "agent" }
        return try TunnelTLS.identity(first.tlsConfig).name
    }

    // MARK: Start

    func start() {
        wireLog()
        wireScrapes()
        wireTunnels()
        wireDiscovery()
        finder?.begin(settings)
        metrics.targets.set(Double(table.count))
        isStarting = false
        // The table goes out now, before the first scrape has ended: the collector must not have to wait for it.
        _ = log.makeRoom(target: 0, payloadBytes: 0, time: nowMilliseconds)
        flush()
        logger.info(
            "agent started",
            metadata: [
                "agent": "\(name)", "version": "\(options.version)", "targets": "\(table.count)",
                "log": "\(settings.log.directory ?? "memory")", "epoch": "\(String(log.epoch, radix: 16))",
                "tls": "\(TLSContext.libraryVersion)",
            ])
        for client in clients { client.start() }
        every(.seconds(1)) { $0.sync() }
        every(.seconds(5)) { $0.measure() }
        every(.seconds(5)) { core in core.jobs.refresh { [weak core] in core?.useClients() } }
        every(.seconds(10)) { $0.recover() }
    }

    /// Tries a disk that failed, on a thread that may block, and goes back to it when it works.
    private func recover() {
        guard log.state != .normal else {
            // What is still in memory of an earlier failure is written out, a little at a time.
            _ = log.recover(nowMilliseconds: nowMilliseconds)
            return
        }
        // One at a time: behind a disk that hangs, others would wait and say later what was true before.
        guard !isProbing, let probe = log.diskProbe(nowMilliseconds: nowMilliseconds) else { return }
        isProbing = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        threadPool.runIfActive(eventLoop: eventLoop) { probe() }.whenComplete { result in
            let core = bound.value
            core.isProbing = false
            guard case .success(let isProven) = result else { return }
            _ = core.log.recover(nowMilliseconds: core.nowMilliseconds, isProven: isProven)
        }
    }

    private func wireDiscovery() {
        let means = HTTPClientMeans(eventLoop: eventLoop, budget: budget)
        finder = TargetFinder(
            eventLoop: eventLoop, threadPool: slowPool, version: options.version, logger: logger,
            metrics: metrics.discovery,
            makeClient: { [jobs] in jobs.now.makeClient(for: $0, means) },
            onTargets: { [weak self] targets in
                guard let self else { return }
                manager?.update(targets + [OwnTarget.target(name: name, global: settings.global)])
            })
    }

    private func useClients() {
        manager?.reloadTLS()
        finder?.reload { [jobs] in (jobs.now.context(for: $0), jobs.now.network(for: $0)) }
    }

    /// What jobs show and believe now.
    var clientsOfJobs: JobClients { jobs.now }

    /// Takes over changed jobs and certificates.
    ///
    /// - Parameter clients: those of the jobs in `fresh`.
    func reload(_ fresh: AgentSettings, _ clients: JobClients) {
        jobs.replace(with: clients)
        let needsRestart =
            fresh.collectors.map(\.name) != settings.collectors.map(\.name) || fresh.log != settings.log
        settings = fresh
        finder?.use(fresh) { [weak self] in
            guard let self else { return }
            // Not before: targets that are gone, or belong to another job now, would ask for what is not there any more.
            useClients()
            metrics.config.reloaded(at: Double(options.wallClock()) / 1e6)
            if needsRestart { logger.warning("changed collectors and log settings take effect after a restart") }
            logger.notice("configuration reloaded", metadata: ["file": "\(fresh.file)", "targets": "\(table.count)"])
        }
    }

    /// The file could not be used: everything stays as it was.
    func reloadFailed() { metrics.config.failed() }

    private var nowMilliseconds: Int64 { options.wallClock() / 1000 }

    private func every(_ interval: TimeAmount, _ work: @escaping (AgentCore) -> Void) {
        let bound = NIOLoopBound((self, work), eventLoop: eventLoop)
        timers.append(
            eventLoop.scheduleRepeatedTask(initialDelay: interval, delay: interval) { _ in
                let (core, work) = bound.value
                work(core)
            })
    }

    private func wireLog() {
        log.table = { [weak self] in self?.table.entries ?? [] }
        log.onStateChange = { [weak self] state in self?.report(state) }
        log.configureCollectors(settings.collectors.map { TunnelAddress($0).description })
        let repaired = log.statistics.repairedBytes
        if repaired > 0 {
            logger.warning(
                "the log was not closed cleanly and was cut at its last whole record",
                metadata: ["bytes_cut": "\(repaired)"])
        }
    }

    private func report(_ state: ScrapeLogState) {
        switch state {
        case .normal: logger.notice("the log is back on disk, under a new epoch")
        case .memory(let reason):
            logger.error(
                "the log cannot be written to disk and goes on in memory; scraping continues, an outage longer than the memory budget loses the oldest data",
                metadata: ["reason": "\(reason)", "directory": "\(settings.log.directory ?? "")"])
        }
    }

    private func wireScrapes() {
        var environment = ScrapeEnvironment(eventLoop: eventLoop, budget: budget, version: options.version)
        let wallClock = options.wallClock
        environment.clock = WallClock { wallClock() / 1000 }
        environment.tlsContext = { [jobs] target in jobs.now.context(for: target) }
        environment.extraHeaders = { [jobs] target in jobs.now.headers(for: target) }
        environment.seriesPolicy = { [jobs] target in jobs.now.policy(for: target) }
        environment.httpSettings = { [jobs] target in jobs.now.network(for: target) }
        environment.serverName = { [jobs] target in jobs.now.serverName(for: target) }
        let registry = metrics.registry
        environment.source = { target in
            guard target.scheme == OwnTarget.scheme else { return .http }
            return .inProcess { (contentType: TextFormat.contentType, body: ByteBuffer(bytes: registry.render())) }
        }
        manager = ScrapeManager(
            environment: environment, references: references,
            callbacks: .init(
                onAnnounce: { [weak self] target, reference in self?.announce(target, reference) },
                onWithdraw: { [weak self] reference in self?.withdraw(reference) },
                onResult: { [weak self] reference, record in self?.append(record, reference) }))
    }

    private func wireTunnels() {
        let wallClock = options.wallClock
        let replication = metrics.replication
        let source = LogTunnelSource(
            log: log, logger: logger, nowMilliseconds: { wallClock() / 1000 },
            onNewEpoch: { [weak self] in self?.scheduleFlush() },
            onGaps: { gaps, collector in replication.confirmed(gaps, collector: collector) })
        self.source = source
        let compressor = RangeCompressorBox()
        let instance = SecureRandom.randomUInt64()
        for collector in settings.collectors {
            let address = TunnelAddress(collector)
            let tls = collector.tlsConfig
            let configuration = TunnelClient.Configuration(
                address: address, instance: instance, build: "culvert/\(options.version)",
                makeContext: { try TunnelTLS.context(tls) }, wallClock: options.wallClock)
            let observer = TunnelObserver(address: address.description, logger: logger, metrics: metrics)
            clients.append(
                TunnelClient(
                    configuration: configuration, eventLoop: eventLoop, source: source, compressor: compressor,
                    onEvent: { observer.observe($0) }))
            if let notAfter = try? TunnelTLS.context(tls).ownCertificate?.notAfter {
                metrics.certificate[address.description].set(Double(notAfter))
            }
        }
    }

    // MARK: Work

    private func announce(_ target: Target, _ reference: UInt32) {
        do {
            let payload = try table.insert(target, reference: reference)
            metrics.targets.set(Double(table.count))
            // At the start, the first segment's table holds them all.
            guard !isStarting else { return }
            log.append(.targetAnnounced, target: reference, time: nowMilliseconds, payload: payload)
            scheduleFlush()
        } catch {
            logger.warning("a target cannot be announced", metadata: ["url": "\(target.url)", "reason": "\(error)"])
        }
    }

    private func withdraw(_ reference: UInt32) {
        table.remove(reference)
        scrapeLogger.forget(reference)
        metrics.targets.set(Double(table.count))
        log.append(.targetWithdrawn, target: reference, time: nowMilliseconds, payload: ByteBuffer())
        scheduleFlush()
    }

    private func append(_ record: ScrapeRecord, _ reference: UInt32) {
        metrics.observe(record)
        if !record.outcome.isSuccess { note(record, reference) }
        scrapeLogger.append(record, target: reference)
        if log.pendingBytes >= Self.batchBytes { flush() } else { scheduleFlush() }
    }

    /// A failed scrape, where its job wants that noted.
    private func note(_ record: ScrapeRecord, _ reference: UInt32) {
        guard let origin = table.origin(of: reference), let path = jobs.now.failureLog(of: origin.job) else { return }
        failures.append(
            .init(
                milliseconds: record.timestamp, message: record.outcome.message, job: origin.job, target: origin.url),
            to: path)
    }

    private func scheduleFlush() {
        guard !flushScheduled else { return }
        flushScheduled = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleTask(in: Self.batch) {
            bound.value.flushScheduled = false
            bound.value.flush()
        }
    }

    private func flush() {
        scrapeLogger.flush()
        source?.grew()
        for client in clients { client.logGrew() }
    }

    /// Makes what was written durable, on a thread that may block; one pass at a time.
    private func sync() {
        guard !isSyncing, let task = log.syncTask() else { return }
        isSyncing = true
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        let duration = metrics.log.syncDuration
        threadPool.runIfActive(eventLoop: eventLoop) { () -> ScrapeLogError? in
            let start = NIODeadline.now()
            defer { duration.observe(Double((NIODeadline.now() - start).nanoseconds) / 1e9) }
            do throws(ScrapeLogError) {
                try task.run()
                return nil
            } catch {
                return error
            }
        }.whenSuccess { error in
            bound.value.isSyncing = false
            guard let error else { return }
            bound.value.metrics.log.syncFailures.increment()
            bound.value.log.syncFailed(error)
            bound.value.flush()
        }
    }

    private func measure() {
        source?.tidy()
        metrics.bodiesInFlight.set(Double(budget.used))
        measureLog()
        for client in clients {
            let name = client.configuration.address.description
            metrics.sentLogBytes[name].set(Double(client.sentLogBytes))
            metrics.sentFrameBytes[name].set(Double(client.sentFrameBytes))
            let before = sent.updateValue((client.sentLogBytes, client.sentBacklogBytes), forKey: name) ?? (0, 0)
            let backlog = client.sentBacklogBytes - before.backlog
            metrics.replication.sent(
                live: client.sentLogBytes - before.all - backlog, backlog: backlog, collector: name)
            if let left = source?.unacknowledged(by: name) {
                metrics.replication.set(
                    unacknowledged: left.bytes, oldest: left.oldest, now: nowMilliseconds, collector: name)
            }
            if let skew = client.clock.skew { metrics.skew[name].set(Double(skew) / 1e6) }
            if let roundTrip = client.clock.roundTrip { metrics.roundTrip[name].set(Double(roundTrip) / 1e6) }
        }
    }

    private func measureLog() {
        let fresh = log.statistics
        metrics.log.set(fresh, previous: statistics, state: log.state)
        statistics = fresh
        rate.observe(total: fresh.appendedBytes, now: eventLoop.now)
        let isRateKnown = rate.bytesPerSecond != nil
        let runway = Runway(
            budget: fresh.budget, held: fresh.bytesHeld, bytesPerSecond: rate.bytesPerSecond ?? 0)
        metrics.log.set(runway, isRateKnown: isRateKnown)
        let isDisconnected = clients.contains { !$0.isConnected }
        guard
            let notice = runwayWatch.observe(runway, isRateKnown: isRateKnown, isDisconnected: isDisconnected)
        else { return }
        let metadata: Logger.Metadata = [
            "left": "\(RunwayWatch.text(runway))", "bytes_per_second": "\(Int(runway.bytesPerSecond))",
            "bytes_left": "\(runway.bytesLeft)", "max_size": "\(fresh.budget)",
        ]
        switch notice {
        case .known: logger.info("how long an outage the log covers at the present rate", metadata: metadata)
        case .low:
            logger.warning(
                "a collector is away, and the log covers less than an hour more: then the oldest data are lost",
                metadata: metadata)
        }
    }

    // MARK: Stop

    /// Scrapes every target a last time, sends what is left, says goodbye and closes the log; within the grace period.
    func stop() -> EventLoopFuture<Void> {
        let grace = TimeAmount.milliseconds(settings.shutdownGracePeriod)
        let deadline = eventLoop.now + grace
        logger.info(
            "stopping: last scrapes, then what is left is sent",
            metadata: ["grace": "\(settings.shutdownGracePeriod)ms"])
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        // A fifth of the grace period is kept for sending.
        guard let manager else { return eventLoop.makeSucceededVoidFuture() }
        return manager.scrapeAllOnce(deadline: eventLoop.now + .nanoseconds(grace.nanoseconds / 5 * 4))
            .flatMap { bound.value.drain(until: deadline) }
            .map { bound.value.close() }
    }

    /// Waits until every connected collector has acknowledged everything.
    private func drain(until deadline: NIODeadline) -> EventLoopFuture<Void> {
        manager?.stop()
        finder?.stop()
        flush()
        sync()
        let promise = eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound(self, eventLoop: eventLoop)
        eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: .milliseconds(20)) { task in
            let core = bound.value
            let isWaiting = core.clients.contains { client in
                client.isConnected
                    && (core.source?.unacknowledged(by: client.configuration.address.description).bytes ?? 0) > 0
            }
            guard !isWaiting || core.eventLoop.now >= deadline else { return }
            task.cancel()
            promise.succeed()
        }
        return promise.futureResult
    }

    private func close() {
        for timer in timers { timer.cancel() }
        for client in clients { client.stop() }
        let left =
            clients.map { source?.unacknowledged(by: $0.configuration.address.description).bytes ?? 0 }.max() ?? 0
        log.close()
        logger.info(
            "agent stopped",
            metadata: [
                "unacknowledged_bytes": "\(left)",
                "kept": "\(settings.log.directory == nil ? "no (log in memory)" : "on disk")",
            ])
    }
}
