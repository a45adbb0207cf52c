/// README.md, taken apart: its fenced blocks and what stands in its tables.
struct Readme {
    /// A fenced block.
    struct Block {
        /// The word behind the fence; empty for pictures.
        var language: String
        var text: String
    }

    let text: String
    let blocks: [Block]

    init() throws {
        text = try Repository.text("README.md")
        var blocks: [Block] = []
        var open: Block?
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") {
                if let block = open { blocks.append(block) }
                open = open == nil ? Block(language: String(line.dropFirst(3)), text: "") : nil
            } else {
                open?.text += line + "\n"
            }
        }
        self.blocks = blocks
    }

    /// The commands of all shell blocks, in order.
    var commands: [String] {
        blocks.filter { $0.language == "sh" }.flatMap { $0.text.split(separator: "\n").map(String.init) }
    }

    /// The YAML blocks that begin with `key`, in order.
    func yaml(_ key: String) -> [String] {
        blocks.filter { $0.language == "yaml" && $0.text.hasPrefix(key + ":") }.map(\.text)
    }

    /// What stands between backquotes at the beginning of table rows.
    var rowNames: [String] {
        text.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("| `") else { return nil }
            return line.dropFirst(3).split(separator: "`").first.map(String.init)
        }
    }
}
