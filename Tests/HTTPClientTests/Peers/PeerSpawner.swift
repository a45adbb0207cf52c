import Foundation
import Synchronization

/// The one thread that starts peers. They ask the kernel to end them with their parent, and for the kernel the parent is the
/// thread that started them: one of a pool could end before its time.
final class PeerSpawner: Sendable {
    static let shared = PeerSpawner()

    private let queue = Mutex<[@Sendable () -> Void]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let work = queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                work?()
            }
        }
        thread.start()
    }

    /// Starts a program in a process group of its own with its outputs going to a file; returns its pid.
    func spawn(_ arguments: [String], output: String) async throws -> pid_t {
        try await withCheckedThrowingContinuation { continuation in
            queue.withLock {
                $0.append { continuation.resume(with: Result { try Self.spawnHere(arguments, output: output) }) }
            }
            wake.signal()
        }
    }

    private static func spawnHere(_ arguments: [String], output: String) throws -> pid_t {
        // TERM, so that a program with children of its own takes them along.
        let arguments = ["setpriv", "--pdeathsig", "TERM", "--"] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        // Descriptors that somebody forgot to mark must not live on in a child; closing none is no error.
        for descriptor in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The test runner may block or ignore signals; its children begin with none of that.
        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setpgroup(&attributes, 0)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        defer { for pointer in argv { free(pointer) } }
        argv.append(nil)
        var pid = pid_t()
        let status = posix_spawnp(&pid, "setpriv", &actions, &attributes, argv, environ)
        guard status == 0 else {
            throw PeerProcess.Failure(description: "\(arguments): \(String(cString: strerror(status)))")
        }
        return pid
    }
}
