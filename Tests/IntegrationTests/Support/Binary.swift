import Foundation

/// The program under test.
enum Binary {
    /// `CULVERT_BINARY`, else `culvert` beside the test bundle, where `swift build` puts it.
    static var culvert: String {
        get throws {
            if let named = ProcessInfo.processInfo.environment["CULVERT_BINARY"], !named.isEmpty { return named }
            let bundle = URL(fileURLWithPath: CommandLine.arguments.first ?? "").deletingLastPathComponent()
            let beside = [bundle.path, bundle.deletingLastPathComponent().path, Self.executableDirectory]
            guard
                let found = beside.map({ $0 + "/culvert" }).first(where: {
                    FileManager.default.isExecutableFile(atPath: $0)
                })
            else {
                throw Peers.Missing(
                    description:
                        "the program culvert is neither named by CULVERT_BINARY nor in \(beside): run swift build")
            }
            return found
        }
    }

    private static var executableDirectory: String {
        let path = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: path).deletingLastPathComponent().path
    }
}
