import Foundation
import Relabeling
import Settings
import Testing

@testable import Discovery

/// Targets from files: what is read, when it is read again, and what survives a mistake.
struct FileDiscoveryTests {
    private final class Place {
        let path = NSTemporaryDirectory() + "culvert-file-sd-" + UUID().uuidString

        init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ name: String, _ text: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: path + "/" + name), options: .atomic)
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: path + "/" + name) }
    }

    private func discovery(_ place: Place, _ patterns: String...) -> FileDiscovery {
        FileDiscovery([FileSDConfig(files: patterns.map { place.path + "/" + $0 })])
    }

    @Test func `groups of every format are found, with the path as a label`() throws {
        let place = try Place()
        try place.write(
            "a.json", #"[{"targets": ["h:1", "h:2"], "labels": {"rack": "\u00e9\ud83d\ude00"}}, {"targets": []}]"#)
        try place.write("b.yml", "- targets: [h:3]\n  labels: {n: 3, empty: ''}\n- labels: {}\n")
        try place.write("c.txt", "- targets: [h:4]\n")
        var discovery = discovery(place, "*.json", "b.yml", "missing.yaml")
        let (hasChanged, problems) = discovery.refresh(now: 0)
        #expect(hasChanged && problems.isEmpty)
        #expect(discovery.groups.flatMap(\.targets) == ["h:1", "h:2", "h:3"])
        #expect(discovery.groups[0].labels == Labels([("rack", "é😀"), ("__meta_filepath", place.path + "/a.json")]))
        #expect(discovery.groups[2].labels == Labels([("n", "3"), ("__meta_filepath", place.path + "/b.yml")]))
    }

    @Test func `a changed file is read at once, an unchanged one when it is due`() throws {
        let place = try Place()
        try place.write("a.yml", "- targets: [h:1]\n")
        var discovery = discovery(place, "a.yml")
        _ = discovery.refresh(now: 0)
        #expect(discovery.refresh(now: 5_000).hasChanged == false)
        try place.write("a.yml", "- targets: [h:2]\n")
        #expect(discovery.refresh(now: 10_000).hasChanged)
        #expect(discovery.groups.flatMap(\.targets) == ["h:2"])
    }

    @Test func `an exchanged symbolic link is seen`() throws {
        let place = try Place()
        try place.write("one", "- targets: [h:1]\n")
        try place.write("two", "- targets: [h:2]\n")
        let link = place.path + "/link.yml"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.path + "/one")
        var discovery = discovery(place, "link.yml")
        _ = discovery.refresh(now: 0)
        try FileManager.default.removeItem(atPath: link)
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: place.path + "/two")
        #expect(discovery.refresh(now: 5_000).hasChanged)
        #expect(discovery.groups.flatMap(\.targets) == ["h:2"])
    }

    @Test(arguments: [
        ("a.yml", "- targets: [h:2]\n  label: {a: b}\n"), ("a.yml", "targets: [h:2]\n"), ("a.yml", "- targets: {}\n"),
        ("a.yml", "- targets: [[h:2]]\n"), ("a.yml", "-\n"), ("a.yml", "- targets: [h:2\n"),
        ("a.json", #"[{"targets": ["h:2"], "x": 1}]"#), ("a.json", #"[{"targets": ["h:2"], "labels": {"a": 1}}]"#),
        ("a.json", "[null]"), ("a.json", "{}"), ("a.json", "["), ("a.json", #"[{"labels": {"a-b": "c"}}]"#),
    ]) func `a malformed file keeps what it had, and is told of once`(name: String, text: String) throws {
        let place = try Place()
        try place.write(name, name.hasSuffix("json") ? #"[{"targets": ["h:1"]}]"# : "- targets: [h:1]\n")
        try place.write("z.yml", "- targets: [z:1]\n")
        var discovery = discovery(place, name, "z.yml")
        _ = discovery.refresh(now: 0)
        try place.write(name, text)
        try place.write("z.yml", "- targets: [z:2]\n")
        let (_, problems) = discovery.refresh(now: 5_000)
        #expect(problems.count == 1 && problems[0].file == place.path + "/" + name, "\(problems)")
        #expect(discovery.groups.flatMap(\.targets) == ["h:1", "z:2"])
        #expect(discovery.refresh(now: 10_000).problems.isEmpty)
    }

    @Test func `a file that is gone loses its targets`() throws {
        let place = try Place()
        try place.write("a.yml", "- targets: [h:1]\n")
        var discovery = discovery(place, "*.yml")
        _ = discovery.refresh(now: 0)
        try place.remove("a.yml")
        #expect(discovery.refresh(now: 5_000).hasChanged)
        #expect(discovery.groups.isEmpty)
    }

    @Test func `groups become targets of their job, one for equal ones`() throws {
        let job = ScrapeConfig(
            jobName: "node", staticConfigs: [StaticConfig(targets: [StaticTarget(address: "h:1", line: 3, column: 1)])])
        let groups = [
            TargetGroup(targets: ["h:1", "h:2"], labels: Labels([("__meta_filepath", "/f.yml")])),
            TargetGroup(targets: ["h:3/x"], labels: Labels([("__meta_filepath", "/f.yml")])),
        ]
        let list = TargetList(AgentSettings(collectors: [], scrapeConfigs: [job]), found: ["node": groups])
        #expect(list.targets.map(\.address) == ["h:1", "h:2"])
        #expect(list.targets.allSatisfy { $0.labels["__meta_filepath"] == nil })
        #expect(list.problems.map(\.file) == ["/f.yml"])
    }
}
