import Foundation

/// Whether the long rounds were asked for.
enum Soak {
    static let isOn = ProcessInfo.processInfo.environment["CULVERT_SOAK"] == "1"
}
