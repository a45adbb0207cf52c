import Foundation
package import Relabeling
import Yams

/// A file of `file_sd_configs`, or the same text from elsewhere: a list of groups, each with targets and labels.
///
/// It is all or nothing: an unknown key, or a value that is no text, makes the whole list wrong, as in Prometheus.
package enum TargetGroupFile {
    /// The groups in the file at an absolute path. Blocks.
    package static func read(_ path: String) throws(SettingsProblems) -> [TargetGroup] {
        let log = ProblemLog(file: path)
        let bytes: [UInt8]
        do {
            bytes = try SourceFile.read(path, cure: "write it, or correct file_sd_configs")
        } catch {
            log.add(.unreadable, at: .wholeFile, error.message)
            return try log.result(nil)
        }
        guard path.lowercased().hasSuffix(".json") else {
            return try log.result(Document.list(in: bytes, log: log).map { groups($0, log) })
        }
        return try log.result(json(bytes, log))
    }

    /// The groups in the JSON that `url` answered with.
    package static func parse(json bytes: [UInt8], from url: String) throws(SettingsProblems) -> [TargetGroup] {
        let log = ProblemLog(file: url)
        return try log.result(json(bytes, log))
    }

    // MARK: YAML

    private static func groups(_ nodes: [Node], _ log: ProblemLog) -> [TargetGroup] {
        nodes.compactMap { node in
            let place = node.position ?? SourcePosition(line: 1, column: 1)
            guard !node.isNothing else {
                log.add(.wrongType, at: place, "expected a group with targets and labels, found an empty element")
                return nil
            }
            return MappingReader(node, name: "group", key: place, log: log).map { group($0) }
        }
    }

    private static func group(_ reader: MappingReader) -> TargetGroup {
        var group = TargetGroup(targets: [])
        if let list = reader.list("targets", of: "texts") {
            for node in list.value {
                if let scalar = node.scalar {
                    group.targets.append(scalar.string)
                } else {
                    reader.log.add(
                        .wrongType, at: node.position ?? list.position,
                        "targets: expected a list of texts, found \(node.kind)")
                }
            }
        }
        let labels = reader.labels("labels")?.value ?? []
        group.labels = Labels(labels.map { ($0.name.value, $0.value) })
        reader.finish()
        return group
    }

    // MARK: JSON

    private struct Key: CodingKey {
        var stringValue: String
        var intValue: Int? { nil }

        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Group: Decodable {
        var group = TargetGroup(targets: [])

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Key.self)
            // In an order of their own: the same bytes are refused with the same words.
            for key in fields.sortedKeys {
                switch key.stringValue {
                case "targets": group.targets = try fields.decodeIfPresent([String].self, forKey: key) ?? []
                case "labels":
                    guard try !fields.decodeNil(forKey: key) else { continue }
                    let labels = try fields.nestedContainer(keyedBy: Key.self, forKey: key)
                    for name in labels.sortedKeys {
                        guard Labels.isValidName(name.stringValue) else {
                            let name = Quotation.quote(name.stringValue)
                            throw DecodingError.dataCorruptedError(
                                forKey: key, in: fields, debugDescription: "\(name) is not a label name")
                        }
                        group.labels[name.stringValue] = try labels.decode(String.self, forKey: name)
                    }
                default:
                    throw DecodingError.dataCorruptedError(
                        forKey: key, in: fields, debugDescription: "unknown key, expected targets and labels")
                }
            }
        }
    }

    private static func json(_ bytes: [UInt8], _ log: ProblemLog) -> [TargetGroup]? {
        do {
            return try JSONDecoder().decode([Group].self, from: Data(bytes)).map(\.group)
        } catch let error as DecodingError {
            log.add(.malformed, at: .wholeFile, sentence(error))
        } catch {
            log.add(.malformed, at: .wholeFile, "not valid JSON")
        }
        return nil
    }

    private static func sentence(_ error: DecodingError) -> String {
        let (context, what): (DecodingError.Context, String?) =
            switch error {
            case .typeMismatch(let type, let context): (context, "expected \(word(type)), found something else")
            case .valueNotFound(let type, let context): (context, "expected \(word(type)), found null")
            case .keyNotFound(_, let context), .dataCorrupted(let context): (context, nil)
            @unknown default: (DecodingError.Context(codingPath: [], debugDescription: "not valid JSON"), nil)
            }
        let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        return (path.isEmpty ? "" : path + ": ") + (what ?? context.debugDescription)
    }

    private static func word(_ type: any Any.Type) -> String {
        switch type {
        case is String.Type: "a text"
        case is [String: String].Type, is [String: Any].Type: "an object"
        default: "a list"
        }
    }
}

extension KeyedDecodingContainer {
    fileprivate var sortedKeys: [Key] { allKeys.sorted { $0.stringValue < $1.stringValue } }
}
