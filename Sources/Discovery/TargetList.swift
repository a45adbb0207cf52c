package import Relabeling
package import Settings

/// The targets of all jobs: those written down in `static_configs`, and those that were found.
package struct TargetList: Sendable {
    /// In the order of the file, those found behind those written down. Targets with equal labels and URL are one.
    package private(set) var targets: [Target] = []
    /// Why others were left out; that rules drop one is no problem.
    package private(set) var problems: [SettingsError] = []
    /// How many were dropped by `relabel_configs`.
    package private(set) var dropped = 0

    /// What became of every address, when that was asked for.
    package private(set) var traces: [TargetTrace] = []

    private let file: String
    private let isTraced: Bool
    private var origins: [TargetIdentity: (job: String, place: String)] = [:]

    /// - Parameters:
    ///   - found: groups by the name of the job that looks for them.
    ///   - isTraced: whether `traces` are wanted.
    package init(_ settings: AgentSettings, found: [String: [TargetGroup]] = [:], isTraced: Bool = false) {
        file = settings.file
        self.isTraced = isTraced
        for job in settings.scrapeConfigs {
            let builder = TargetBuilder(job: job)
            let first = targets.count
            for group in job.staticConfigs {
                let labels = Labels(group.labels)
                for target in group.targets {
                    add(target.address, labels, builder, line: target.line, column: target.column)
                }
            }
            for group in found[job.jobName] ?? [] {
                for address in group.targets { add(address, group.labels, builder) }
            }
            limit(targets.indices[first...], to: job.limits.targets)
        }
    }

    /// With more targets than a job may have, none is scraped, as in Prometheus.
    private mutating func limit(_ indices: Range<Int>, to limit: Int) {
        guard limit > 0, indices.count > limit else { return }
        for index in indices {
            targets[index].refusal = "target_limit exceeded (number of targets: \(indices.count), limit: \(limit))"
        }
    }

    private mutating func add(
        _ address: String, _ labels: Labels, _ builder: TargetBuilder, line: Int = 0, column: Int = 0
    ) {
        let job = builder.job.jobName
        let file = labels["__meta_filepath"] ?? file
        let problem = { (message: String) in
            SettingsError(
                code: .invalidValue, file: file, line: line, column: column,
                message: "target \(address.debugDescription) of job \(job.debugDescription): \(message)")
        }
        let discovered = builder.discovered(address: address, labels: labels)
        do {
            var target: Target
            switch try builder.build(discovered) {
            case .target(let made): target = made
            case .dropped(let rule):
                dropped += 1
                return trace(job, discovered, .dropped(rule: rule + 1))
            }
            // Those that are written down have a place.
            target.isDiscovered = line == 0
            let identity = TargetIdentity(labels: target.labels, url: target.url)
            if let origin = origins[identity] {
                // Inside a job that is normal, between two jobs it is worth telling.
                guard origin.job != job else { return trace(job, discovered, .joined) }
                let sentence =
                    "has the labels and the URL of a target of job \(origin.job.debugDescription)\(origin.place), "
                    + "it is scraped there only"
                problems.append(problem(sentence))
                return trace(job, discovered, .rejected(sentence))
            }
            origins[identity] = (job, line > 0 ? " in line \(line)" : "")
            targets.append(target)
            trace(job, discovered, .scraped(target))
        } catch {
            problems.append(problem(error.message))
            trace(job, discovered, .rejected(error.message))
        }
    }

    private mutating func trace(_ job: String, _ discovered: Labels, _ fate: TargetTrace.Fate) {
        if isTraced { traces.append(TargetTrace(job: job, discovered: discovered, fate: fate)) }
    }
}
