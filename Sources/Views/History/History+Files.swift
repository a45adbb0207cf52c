import Logging
import PrometheusInstrumentation
import Synchronization

/// The cursor files, and when what they say moves.
extension History {
    /// How long a page waits for a disk that is slow, at least and at most.
    private static let keepLimits = (least: Duration.seconds(1), most: Duration.seconds(2))

    /// Waits until the places that were taken so far are on the disk. A reader's very first page waits for this: a crash
    /// would have the reader begin anew, and what came meanwhile would be neither given nor counted. Not longer than two
    /// seconds, and not for a disk that fails: its failure is counted, and the reader shall not go without.
    ///
    /// - Parameter limit: what the reader has left; a second is waited in any case.
    func keep(atMost limit: Duration = .seconds(2)) async {
        guard files != nil else { return }
        let limit = min(Self.keepLimits.most, max(Self.keepLimits.least, limit))
        await lane.wait(for: { self.save() }, atMost: limit)
    }

    /// Reads the cursor files. Blocks.
    package func load() {
        guard let files else { return }
        for name in readers.map(\.name) {
            guard let found = files.read(name) else { continue }
            guard let text = found.flatMap({ CursorText($0) }) else {
                metrics.unreadableFiles.increment()
                logger.warning(
                    "the cursors of a reader of history are not readable: it begins with the newest scrapes",
                    metadata: ["reader": "\(name)", "file": "\(files.path)/\(name)"])
                continue
            }
            state.withLock { $0.readers[name]?.restore(text, at: store.now.steady) }
        }
    }

    /// Writes the cursors of readers that have moved, and removes the files of readers that are not declared. Blocks until
    /// all is on the disk. Does nothing before the replicas are loaded: until then the directory may be another's.
    ///
    /// - Parameter isLast: all connections are closed: what arrived on them is known for good.
    package func save(isLast: Bool = false) {
        guard let files, store.isLoaded else { return }
        isFailing.withLock { save(to: files, isLast: isLast, &$0) }
    }

    private func save(to files: CursorFiles, isLast: Bool, _ isFailing: inout Bool) {
        let (now, isComplete) = (store.wallClock(), store.unreadiness() == nil)
        let known = isComplete ? store.targetIDs : nil
        if isLast { settleForGood() }
        let (changed, prunes) = state.withLock { state in
            defer { state.isPruneDue = false }
            for name in state.names { state.readers[name]?.forget(but: known, at: now) }
            let changed = state.readers.values.filter(\.isChanged)
            for reader in changed { state.readers[reader.settings.name]?.isChanged = false }
            return (changed, state.isPruneDue)
        }
        for reader in changed {
            do throws(CursorFileError) {
                try files.write(reader.text.bytes, for: reader.settings.name)
                note(nil, &isFailing)
            } catch {
                state.withLock { $0.readers[reader.settings.name]?.isChanged = true }
                metrics.failedWrites.increment()
                note(error, &isFailing)
            }
        }
        if prunes { files.keepOnly(Set(readers.map(\.name))) }
    }

    private func settleForGood() {
        let counts = state.withLock { state in
            state.names.flatMap { name in
                (state.readers[name]?.settleForGood() ?? []).map { (name, $0) }
            }
        }
        for (reader, counts) in counts { metrics.count(reader, counts) }
    }

    /// Says once that the files cannot be written, and once that they can again.
    private func note(_ error: CursorFileError?, _ isFailing: inout Bool) {
        guard isFailing != (error != nil) else { return }
        isFailing = error != nil
        if let error {
            logger.error("the cursors of history readers cannot be kept", metadata: ["error": "\(error)"])
        } else {
            logger.notice("the cursors of history readers are kept again")
        }
    }
}
