import Settings
import Testing

struct SettingsKindTests {
    @Test(
        arguments: [
            ("collectors: []", .agent), ("scrape_configs: []", .agent), ("global: {}\ncollectors: 5", .agent),
            ("tunnel: {}", .collector), ("web: {}", .collector), ("agents:", .collector),
        ] as [(String, SettingsKind)]) func `the keys at the top tell whose settings they are`(
            text: String, kind: SettingsKind
        ) throws
    {
        let directory = try TemporaryDirectory()
        #expect(try SettingsKind.detect(path: directory.write("x.yml", text)) == kind)
    }

    @Test(arguments: [
        (
            "\nlog: {}",
            "2:1: expected the key collectors of an agent's settings or the key tunnel of a collector's, found neither"
        ),
        (
            "tunnel: {}\ncollectors: []",
            "1:1: the file has keys of an agent (collectors, scrape_configs) and of a collector (tunnel, "
                + "web, agents): split it in two"
        ),
        ("", "1:1: the file is empty: expected an agent's or a collector's settings"),
    ]) func `a file of neither kind is told`(text: String, problem: String) throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("x.yml", text)
        let problems = try #require(throws: SettingsProblems.self) { try SettingsKind.detect(path: path) }
        #expect(problems.description == "\(path):\(problem)")
    }
}
