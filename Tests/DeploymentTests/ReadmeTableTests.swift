import Foundation
import Testing

/// README.md names what is there: no more, no less.
@Suite struct ReadmeTableTests {
    private let readme: Readme

    init() throws { readme = try Readme() }

    @Test func `the tables of metrics are complete`() throws {
        let sources = try ["Agent", "Collector", "Views"].map { room in
            try Repository.sources("Sources/\(room)") { $0.contains("Metrics") }
        }.joined()
        let registered = Set(sources.matches(of: /"(culvert_[a-z_]+)"/).map { String($0.1) })
        let described = Set(readme.rowNames.filter { $0.hasPrefix("culvert_") })
        #expect(!registered.isEmpty)
        #expect(registered.subtracting(described).sorted() == [], "not in README.md")
        #expect(described.subtracting(registered).sorted() == [], "not in the sources")
    }

    @Test func `the table of paths is complete`() throws {
        let routes = try Repository.text("Sources/Views/Serving/WebRoutes.swift")
        let served =
            routes.matches(of: /get\(root, "([^"]+)"/).map { "GET \($0.1)" }
            + routes.matches(of: /root\.post\("([^"]+)"/).map { "POST \($0.1)" }
        let described = readme.rowNames.filter { $0.hasPrefix("GET /") || $0.hasPrefix("POST /") }
        #expect(!served.isEmpty)
        #expect(Set(served) == Set(described))
    }

    @Test func `every key of the configuration is described`() throws {
        let sources = try Repository.sources("Sources/Settings")
        let readers = sources.matches(
            of: /\.(?:string|required|optional|mapping|list|duration|size|bool|labels)\(\s*"([a-z_]+)"/)
        let keys = Set(readers.map { String($0.1) })
        let described = (readme.yaml("tunnel") + readme.yaml("collectors")).joined()
        #expect(keys.count > 30)
        // `global` of a collector is only another place for external_labels.
        #expect(keys.filter { !described.contains("\($0):") }.sorted() == [])
    }

    @Test func `every room is described`() throws {
        let rooms = try FileManager.default.contentsOfDirectory(atPath: "\(Repository.root)/Sources")
            .filter { !["CDeflate", "COpenSSL", "CRE2", "CZstd"].contains($0) }
        let table = readme.text.split(separator: "\n").filter { $0.hasPrefix("| `") }.map {
            $0.split(separator: "|").first.map(String.init) ?? ""
        }.joined()
        #expect(rooms.filter { !table.contains("`\($0)`") }.sorted() == [])
    }

    @Test func `what a room rests on is what the package says`() throws {
        let package = try Repository.text("Package.swift")
        let rooms = package.matches(of: /arget\(\s*name: "([A-Za-z0-9]+)",\s*dependencies: \[([^\]]*)\]/)
        let rows = readme.text.split(separator: "\n")
        for room in rooms where !room.1.hasSuffix("Tests") && !room.1.hasPrefix("Test") {
            let named = room.2.matches(of: /"([A-Za-z0-9]+)"/).map { String($0.1) }
            let dependencies = Set(named).subtracting(["UnixSignals", "swift"])
            guard let row = rows.first(where: { $0.hasPrefix("| `\(room.1)` |") }) else { continue }
            let cells = row.split(separator: "|", omittingEmptySubsequences: false)
            let described = Set(cells[3].split { !$0.isLetter && !$0.isNumber }.map(String.init))
            #expect(described == dependencies, "\(room.1)")
        }
    }

    @Test func `every link leads somewhere`() {
        for link in readme.text.matches(of: /\]\(([^)#]+)\)/) where !link.1.hasPrefix("http") {
            #expect(FileManager.default.fileExists(atPath: "\(Repository.root)/\(link.1)"), "\(link.1)")
        }
    }
}
