import CMalloc
import Glibc
import NIOCore
import Recordings
import ScrapeCodec
import ScrapeLog

/// Lets one encoder and one decoder work through the rounds of a workload, as an agent and a collector do in one log
/// segment, and checks that every body comes back byte for byte.
struct CodecRun {
    let targets: Int
    let rounds: Int

    func measure(_ workload: inout some Workload) throws -> Figures {
        var figures = Figures(name: workload.name, targets: targets)
        var encoder = ScrapeEncoder()
        var decoder = ScrapeDecoder()
        encoder.beginSegment()
        decoder.beginSegment()
        var log = AppendedLog()
        for round in 0..<rounds {
            workload.prepare(round: round, targets: targets)
            let records = (0..<targets).map { record(workload.body(target: $0), round, $0) }
            let samples = (0..<targets).reduce(0) { $0 + workload.samples(target: $1) }
            let heap = Self.heapBytes
            var start = Self.cpuNanoseconds
            let scrapes = records.enumerated().map { encoder.encode($1, target: UInt32($0)) }
            let encode = Self.cpuNanoseconds - start
            let heapEncoded = Self.heapBytes
            start = Self.cpuNanoseconds
            var bodies: [DecodedBody] = []
            bodies.reserveCapacity(targets)
            for (target, scrape) in scrapes.enumerated() {
                if scrape.lines.readableBytes > 0 { try decoder.addLines(scrape.lines) }
                try decoder.decode(
                    kind: scrape.kind, target: UInt32(target), time: Int64(round) * 15_000, position: UInt64(round),
                    distance: 1, payload: scrape.payload
                ) { bodies.append($0.body) }
            }
            let decode = Self.cpuNanoseconds - start
            let heapDecoded = Self.heapBytes
            start = Self.cpuNanoseconds
            for body in bodies { _ = try body.render() }
            let render = Self.cpuNanoseconds - start
            for (target, body) in bodies.enumerated() {
                guard try body.render() == records[target].body else {
                    throw BenchmarkError("\(workload.name), round \(round), target \(target): not what was encoded")
                }
            }
            let payloads = scrapes.reduce(0) { $0 + $1.payload.readableBytes }
            let lines = scrapes.reduce(0) { $0 + $1.lines.readableBytes }
            let (logged, sent) = try log.append(scrapes, time: Int64(round) * 15_000)
            if round == 0 {
                figures.firstRecords = logged
                figures.firstSamples = samples
                let made = scrapes.reduce(0) { $0 + $1.payload.capacity + $1.lines.capacity }
                figures.encoderMemory = Double(heapEncoded - heap - made) / Double(max(1, samples))
                figures.decoderMemory = Double(heapDecoded - heapEncoded) / Double(max(1, samples))
                continue
            }
            figures.samples += samples
            figures.encode += encode
            figures.decode += decode
            figures.render += render
            figures.leastEncode = min(figures.leastEncode, encode / Double(samples))
            figures.leastDecode = min(figures.leastDecode, decode / Double(samples))
            figures.leastRender = min(figures.leastRender, render / Double(samples))
            figures.payloads += payloads
            figures.lines += lines
            figures.records += logged
            if workload.isUnique { figures.sent = (figures.sent ?? 0) + sent }
        }
        return figures
    }

    private func record(_ body: ByteBuffer, _ round: Int, _ target: Int) -> ScrapeRecord {
        let time = Int64(round) * 15_000
        return ScrapeRecord(
            scheduled: time, timestamp: time, duration: UInt32(3_000 + (target * 31 + round * 17) % 500),
            outcome: .success, contentType: "text/plain; version=0.0.4; charset=utf-8", body: body)
    }

    private static var cpuNanoseconds: Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    private static var heapBytes: Int {
        let info = mallinfo2()
        return Int(info.uordblks) + Int(info.hblkhd)
    }
}
