import Discovery
import Relabeling
import Settings

/// What settings come to.
func list(_ settings: AgentSettings, found: [String: [TargetGroup]] = [:]) -> (
    targets: [Target], problems: [SettingsError]
) {
    let list = TargetList(settings, found: found)
    return (list.targets, list.problems)
}
