import Glibc
import NIOCore
import Recordings

/// The one line a subcommand prints when it is ready, and the wait for its end.
enum Readiness {
    /// Prints the addresses for the directing script and stays until `channel` closes, which is never.
    static func announce(_ channel: any Channel, control: Int? = nil) async throws {
        guard let port = channel.localAddress?.port else {
            throw BenchmarkError("the listening socket has no address")
        }
        print("{\"address\": \"127.0.0.1:\(port)\", \"control\": \"127.0.0.1:\(control ?? port)\"}")
        fflush(nil)
        try await channel.closeFuture.get()
    }
}
