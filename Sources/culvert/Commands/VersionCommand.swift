import ArgumentParser
import TLS

/// `culvert version`.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "version", abstract: "Prints the version of this program and of OpenSSL.")

    func run() {
        print("culvert \(Version.current)")
        print(TLSContext.libraryVersion)
    }
}
