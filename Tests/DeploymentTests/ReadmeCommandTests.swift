import Foundation
import TestSupport
import Testing

/// Every command of README.md is run as it stands there.
@Suite(.serialized) struct ReadmeCommandTests {
    /// Commands that this suite does not run itself, and who does.
    private static let runElsewhere = [
        "deploy/quickstart": "QuickstartTests",
        "deploy/quickstart --check": "QuickstartTests",
        "Tests/run": ".ci/run, which runs this test",
        "swift build -c release --product culvert --static-swift-stdlib": "Tests/run --soak",
        "Tests/Benchmarks/pipeline --peers": "Tests/run --soak",
        "swift run -c release --package-path Tests/Benchmarks codec-benchmark Tests/Fixtures/bodies":
            "Tests/run --soak",
    ]

    private let readme: Readme
    private let directory: TemporaryDirectory

    init() throws {
        readme = try Readme()
        directory = try TemporaryDirectory()
    }

    @Test func `every command is run by a test`() throws {
        let commands = readme.commands
        for (command, place) in Self.runElsewhere { #expect(commands.contains(command), "\(command), run by \(place)") }
        #expect(try Repository.text(".ci/run").contains("Tests/run"))
        #expect(
            try Repository.text("Tests/run").contains("swift build -c release --product culvert --static-swift-stdlib"))
        #expect(try Repository.text("Tests/run").contains("Tests/Benchmarks/pipeline --peers"))
        #expect(try Repository.text("Tests/run").contains("codec-benchmark Tests/Fixtures/bodies"))
        #expect(commands.count == Self.runElsewhere.count + 7)
    }

    @Test func `deploying by hand works as it is written`() async throws {
        let deployment = try Deployment(directory.path)
        try deployment.write("collector.yml", try #require(readme.yaml("tunnel").first))
        for command in readme.commands where Self.runElsewhere[command] == nil {
            switch command {
            case _ where command.hasPrefix("culvert collector "):
                try await deployment.startCollector(command)
                try deployment.write("agent.yml", try #require(readme.yaml("collectors").first))
            case _ where command.hasPrefix("culvert agent "):
                try await deployment.startAgent(command)
            default:
                let output = try await deployment.run(command)
                if command.hasPrefix("certs/issue ") { try deployment.handOutCertificates() }
                if command.contains("--connect") { #expect(output.contains("ok   welcome: "), "\(output)") }
                if command.hasPrefix("curl ") { #expect(output.contains(#""status":"success""#), "\(output)") }
                if command.hasSuffix("agents") {
                    #expect(output.contains(#""name":"vpc-a","configured":true,"connected":true"#))
                }
                if command.hasSuffix("targets") { #expect(output.contains(#""vpc":"a""#), "\(output)") }
            }
        }
        try await deployment.stop()
    }

    @Test(arguments: ["tunnel", "collectors"])
    func `the configuration reference is a valid configuration`(_ key: String) async throws {
        let deployment = try Deployment(directory.path)
        _ = try await deployment.run("certs/issue ~/culvert-ca --agent agent")
        try deployment.handOutCertificates()
        let reference = try #require(readme.yaml(key).last)
        try deployment.write("proxy-password", "secret\n")
        try deployment.write("prometheus.yml", "scrape_configs: []\n")
        try deployment.write("reference.yml", reference)
        let output = try await deployment.run("culvert check /etc/culvert/reference.yml")
        #expect(output.contains(key == "tunnel" ? "a collector's configuration" : "an agent's configuration"))
    }

    @Test(.enabled(if: Repository.hasProgram("promtool") || Repository.requiresPeers, "install the package prometheus"))
    func `Prometheus accepts the lines that are meant for it`() async throws {
        let deployment = try Deployment(directory.path)
        try deployment.write("prometheus.yml", try #require(readme.yaml("scrape_configs").first))
        #expect(try await deployment.run("promtool check config /etc/culvert/prometheus.yml").contains("SUCCESS"))
    }
}
