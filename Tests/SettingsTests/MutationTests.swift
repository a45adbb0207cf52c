import Settings
import Testing

/// Settings damaged at random: each either loads or is refused with positions, and nothing traps.
struct MutationTests {
    private struct Generator {
        var state: UInt64

        mutating func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
    }

    private static let snippets = [
        ":", "- ", "[", "]", "{", "}", ",", "\"", "'", "#", "&a ", "*a", "!", "|", ">", "%", "\n", "\t", "  ", "? ",
        "<<: ",
        "é", "\u{0}", "\u{85}", "\u{2028}", "---\n", "...\n", "~", "null", "99999999999999999999", "\\", "$",
        "\u{1f4a5}",
        "@", "`", "\r", "0x", "[[[[", "*a : ", "{*a}", "__", "/",
    ]

    @Test(arguments: 0..<4) func `damaged settings never trap`(round: Int) throws {
        let seed = UInt64.random(in: .min ... .max)
        var generator = Generator(state: seed)
        let directory = try TemporaryDirectory.withCertificates()
        let agent =
            collectorLines + """
                global: {scrape_interval: 15s, body_size_limit: 1MiB}
                scrape_configs:
                  - job_name: "node"
                    params: {a: [b, 'c']}
                    static_configs:
                      - targets: ['a:1', b:2]
                        labels: {x: y}
                """
        let collector = tunnelLines + "web: {external_url: 'http://h/x'}\nagents:\n  - {name: a, labels: {vpc: a}}\n"
        for _ in 0..<100 {
            let isAgent = generator.next(2) == 0
            var text = Array((isAgent ? agent : collector).unicodeScalars)
            for _ in 0...generator.next(6) {
                let place = generator.next(text.count)
                switch generator.next(3) {
                case 0: text.remove(at: place)
                case 1:
                    text.insert(
                        contentsOf: Self.snippets[generator.next(Self.snippets.count)].unicodeScalars, at: place)
                default:
                    let end = min(text.count, place + generator.next(30))
                    text.insert(contentsOf: Array(text[place..<end]), at: generator.next(text.count))
                }
                if text.isEmpty { break }
            }
            let path = try directory.write("settings.yml", String(String.UnicodeScalarView(text)))
            do {
                if isAgent {
                    _ = try AgentSettings.load(path: path)
                } else {
                    _ = try CollectorSettings.load(path: path)
                }
            } catch {
                let problems = error
                #expect(!problems.problems.isEmpty, "seed \(seed)")
                #expect(problems.problems.allSatisfy { $0.line > 0 && $0.column > 0 }, "seed \(seed)")
                #expect(!problems.problems.contains { $0.message.contains("\n") }, "seed \(seed)")
            }
        }
    }
}
