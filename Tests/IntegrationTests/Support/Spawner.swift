import Foundation
import Synchronization

/// The one thread that starts processes. Children ask the kernel to die with their parent, and for the kernel the parent
/// is the thread that started them: one of a pool could end before its time.
final class Spawner: Sendable {
    static let shared = Spawner()

    private struct Work: Sendable {
        var start: @Sendable () -> Void
    }

    private let queue = Mutex<[Work]>([])
    private let wake = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { [self] in
            while true {
                wake.wait()
                let work = queue.withLock { $0.isEmpty ? nil : $0.removeFirst() }
                work?.start()
            }
        }
        thread.start()
    }

    private func perform<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            queue.withLock { $0.append(Work { continuation.resume(with: Result { try body() }) }) }
            wake.signal()
        }
    }

    /// A program that could not be started.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts `arguments[0]` with its output going to files and no other descriptor of ours; returns its pid.
    func spawn(
        _ arguments: [String], environment: [String: String], standardOutput: String, standardError: String
    ) async throws -> pid_t {
        try await perform {
            var actions = posix_spawn_file_actions_t()
            posix_spawn_file_actions_init(&actions)
            defer { posix_spawn_file_actions_destroy(&actions) }
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, standardOutput, O_WRONLY | O_CREAT | O_APPEND, 0o600)
            posix_spawn_file_actions_addopen(&actions, 2, standardError, O_WRONLY | O_CREAT | O_APPEND, 0o600)
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
            posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

            var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
            var envp: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") }
            defer { for pointer in argv + envp { free(pointer) } }
            argv.append(nil)
            envp.append(nil)
            var pid = pid_t()
            let status = posix_spawnp(&pid, arguments[0], &actions, &attributes, argv, envp)
            guard status == 0 else {
                throw Failure(description: "\(arguments[0]): \(String(cString: strerror(status)))")
            }
            return pid
        }
    }
}
