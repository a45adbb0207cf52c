import Foundation

/// Whether the long rounds were asked for, and how much longer they are.
enum Soak {
    static let isOn = ProcessInfo.processInfo.environment["CULVERT_SOAK"] == "1"
    static let factor = isOn ? 5 : 1
}
