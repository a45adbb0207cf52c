import NIOCore
import Recordings

/// The recordings of one exporter, or of several in turn: a target plays one of them forth and back, each from another
/// place, as nothing real jumps from its end to its beginning.
struct RecordedWorkload: Workload {
    let name: String
    let isUnique = false
    private let recordings: [[ByteBuffer]]
    private let counts: [[Int]]
    private let isSpread: Bool
    private var round = 0

    /// - Parameter isSpread: whether targets begin at different places; else all begin at the first body.
    init(name: String, folders: [String], isSpread: Bool) throws {
        self.name = name
        self.isSpread = isSpread
        var recordings: [[ByteBuffer]] = []
        for folder in folders {
            let bodies = try RecordedFolder.bodies(folder)
            guard !bodies.isEmpty else {
                throw BenchmarkError("no recording in \(folder): expected files 000.txt, 001.txt and so on")
            }
            recordings.append(bodies)
        }
        self.recordings = recordings
        counts = recordings.map { $0.map(RecordedFolder.samples) }
    }

    mutating func prepare(round: Int, targets: Int) { self.round = round }

    private func place(_ target: Int) -> (recording: Int, body: Int) {
        let recording = target % recordings.count
        let count = recordings[recording].count
        let turn = max(1, 2 * count - 2)
        let step = (round + (isSpread ? target * 7 : 0)) % turn
        return (recording, step < count ? step : turn - step)
    }

    func body(target: Int) -> ByteBuffer {
        let place = place(target)
        return recordings[place.recording][place.body]
    }

    func samples(target: Int) -> Int {
        let place = place(target)
        return counts[place.recording][place.body]
    }
}
