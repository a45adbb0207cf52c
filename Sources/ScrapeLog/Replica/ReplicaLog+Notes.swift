// What the owner of a replica keeps beside it.
extension ReplicaLog {
    private static let notesName = "notes"

    /// The small text that `writeNotes` left; nil when there is none, or when replicas are in memory.
    package func readNotes() -> String? { root?.text(of: Self.notesName, maximum: 4096) }

    /// Replaces the small text beside the replica in one step; in memory nothing is kept.
    package func writeNotes(_ text: String) throws(ScrapeLogError) {
        try root?.replace(Self.notesName, with: text, durably: false)
    }

    /// A test, to be run where blocking is allowed, whether the disk takes 1 MiB and makes it durable.
    package func diskProbe() -> @Sendable () -> Bool {
        let root = root
        return {
            do throws(ScrapeLogError) {
                try root?.probe(bytes: 1 << 20)
                return true
            } catch {
                return false
            }
        }
    }
}
