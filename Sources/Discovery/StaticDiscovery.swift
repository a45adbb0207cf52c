package import Relabeling
package import Settings

/// The targets that are written down in `static_configs`.
package struct StaticDiscovery {
    /// Every target of `settings` in the order of the file, and why others were left out. Targets with equal labels and
    /// URL are one; inside a job that is normal, between two jobs it is a problem worth telling.
    package static func targets(of settings: AgentSettings) -> (targets: [Target], problems: [SettingsError]) {
        var targets: [Target] = []
        var problems: [SettingsError] = []
        var origins: [TargetIdentity: (job: String, line: Int)] = [:]
        for job in settings.scrapeConfigs {
            let builder = TargetBuilder(job: job)
            for group in job.staticConfigs {
                for address in group.targets {
                    let problem = { (message: String) in
                        SettingsError(
                            code: .invalidValue, file: settings.file, line: address.line, column: address.column,
                            message:
                                "target \(address.address.debugDescription) of job "
                                + "\(job.jobName.debugDescription): \(message)"
                        )
                    }
                    do {
                        let target = try builder.target(address: address.address, labels: group.labels)
                        let identity = TargetIdentity(labels: target.labels, url: target.url)
                        if let origin = origins[identity] {
                            if origin.job != job.jobName {
                                problems.append(
                                    problem(
                                        "has the labels and the URL of a target of job \(origin.job.debugDescription) "
                                            + "in line \(origin.line), it is scraped there only"))
                            }
                            continue
                        }
                        origins[identity] = (job.jobName, address.line)
                        targets.append(target)
                    } catch {
                        problems.append(problem(error.message))
                    }
                }
            }
        }
        return (targets, problems)
    }
}
