import Settings
import Testing

/// Files that are no YAML, no mapping, or no file.
struct MalformedFileTests {
    private static let missing =
        "the agent's settings: collectors is missing: expected a list of collectors, each with address and tls_config"

    @Test(arguments: [
        ("", "1:1: the file is empty: expected the agent's settings"),
        ("# nothing\n", "1:1: the file is empty: expected the agent's settings"),
        ("~", "1:1: the file is empty: expected the agent's settings"),
        ("abc", #"1:1: the agent's settings: expected a mapping, found "abc""#),
        ("\n  - a", "2:3: the agent's settings: expected a mapping, found a list"),
        ("{}", "1:1: " + missing), ("\u{feff}{}", "1:1: " + missing),
        (
            "collectors: [\n",
            "2:1: not valid YAML: did not find expected node content, while parsing a flow node"
        ),
        (
            "collectors:\n\t- a\n",
            "2:1: not valid YAML: found character that cannot start any token; a tab cannot indent, use spaces"
        ),
        ("a: b: c\n", "1:5: not valid YAML: mapping values are not allowed in this context"),
        (
            "a: 'x\n",
            "2:1: not valid YAML: found unexpected end of stream, while scanning a quoted scalar that begins in line 1"
        ),
        (
            "a: |\n  x\n y\n",
            "3:2: not valid YAML: did not find expected key, while parsing a block mapping that begins in line 1"
        ),
        ("---\na: 1\n---\nb: 2\n", "3:1: expected one YAML document, found a second one"),
        ("a: *x\n", "1:4: not valid YAML: found undefined alias"),
        ("a: &a [*a]\n", "1:8: not valid YAML: found undefined alias"),
        ("a: *.example.com\n", "1:4: a text that begins with * must stand between quotes"),
        ("a: \u{1}\n", "1:4: the control character U+0001 is not allowed in YAML: expected a text file"),
        ("\n\n  a: \u{0}\n", "3:6: the control character U+0000 is not allowed in YAML: expected a text file"),
    ]) func `what is wrong with the text is told with its position`(text: String, problem: String) throws {
        #expect(try agentProblems(text) == [problem])
    }

    @Test func `bytes that are not UTF-8 are told with their position`() throws {
        let directory = try TemporaryDirectory()
        for (bytes, position) in [
            (Array("a: b\nc: ".utf8) + [0xff, 0x0a], "2:4: the file is not UTF-8: expected a text file"),
            (Array("a: é".utf8) + [0xc3], "1:5: the file is not UTF-8: expected a text file"),
            ([0xff, 0xfe, 0x61, 0x00], "1:1: the file is UTF-16: expected UTF-8"),
        ] {
            let path = try directory.write("agent.yml", bytes)
            let problems = try #require(throws: SettingsProblems.self) { try AgentSettings.load(path: path) }
            #expect(problems.description == "\(path):\(position)")
        }
    }

    @Test(arguments: [
        ("a: 1\nb: 2\na: 3\n", "3:1: a is given twice, first in line 1: remove one"),
        ("x: {a: 1, b: 2, a: 3}", "1:17: a is given twice, first in line 1: remove one"),
        (
            "x:\n  a:\n    b: 1\n  # a: 0\n  c: 2\n\n  \"a\": 3\ny: {}",
            "7:3: a is given twice, first in line 2: remove one"
        ),
        ("- a: 1\n  b: 2\n  a: 3\n", "3:3: a is given twice, first in line 1: remove one"),
    ]) func `a key given twice is told where it stands again`(text: String, problem: String) throws {
        #expect(try agentProblems(text) == [problem])
    }

    @Test func `a file that is not there is told with the cure`() throws {
        let problems = try #require(throws: SettingsProblems.self) {
            try AgentSettings.load(path: "/nonexistent/agent.yml")
        }
        #expect(problems.problems.map(\.code) == [.unreadable])
        #expect(
            problems.description
                == "/nonexistent/agent.yml: No such file or directory: name the agent's settings with --config FILE")
    }

    @Test func `a directory is no file`() throws {
        let directory = try TemporaryDirectory()
        let problems = try #require(throws: SettingsProblems.self) { try CollectorSettings.load(path: directory.path) }
        #expect(
            problems.description
                == "\(directory.path): is a directory: name the collector's settings with --config FILE")
    }

    @Test func `a device is not read`() throws {
        let problems = try #require(throws: SettingsProblems.self) { try SettingsKind.detect(path: "/dev/zero") }
        #expect(problems.description.hasPrefix("/dev/zero: is not a regular file"))
    }

    @Test func `a file of more than 16 MiB is not read`() throws {
        let directory = try TemporaryDirectory()
        let path = try directory.write("agent.yml", [UInt8](repeating: UInt8(ascii: "#"), count: (16 << 20) + 1))
        let problems = try #require(throws: SettingsProblems.self) { try AgentSettings.load(path: path) }
        #expect(problems.description == "\(path): is larger than 16MiB: expected a file written by hand")
    }

    @Test func `a file of too many lines is not parsed`() throws {
        let text = String(repeating: "\n", count: 500_001)
        #expect(
            try agentProblems(text)
                == ["agent.yml: has more than 500000 lines and list elements: expected a file written by hand"]
                .map { String($0.dropFirst("agent.yml:".count)) })
    }

    @Test(arguments: ["[", "{a: ", "- "]) func `nesting without end is refused`(opening: String) throws {
        let problems = try agentProblems(String(repeating: opening, count: 10_000))
        #expect(problems.count == 1)
        #expect(problems[0].contains("Maximum nesting level reached"))
    }

    @Test func `no more than fifty problems are told`() throws {
        let text = (0..<1000).map { "key\($0): 1\n" }.joined()
        #expect(try agentProblems(text).count == SettingsProblems.limit)
    }
}
