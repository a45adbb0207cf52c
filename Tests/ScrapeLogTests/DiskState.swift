import Glibc

/// What is on a `MemoryDisk`, what of it would survive a power loss, and who has what open.
struct DiskState: Sendable {
    /// A file or a directory.
    struct Node: Sendable {
        /// A change of a file since it was last synchronized.
        enum Change: Sendable {
            case write([UInt8], at: Int)
            case truncate(Int)
        }

        /// A change of a directory since it was last synchronized: names that go, names that come. Happens wholly or not.
        struct EntryChange: Sendable {
            var removed: [String] = []
            var added: [String: Int] = [:]
        }

        let isDirectory: Bool
        var content: [UInt8] = []
        var durable: [UInt8] = []
        var changes: [Change] = []
        var entries: [String: Int] = [:]
        var durableEntries: [String: Int] = [:]
        var entryChanges: [EntryChange] = []
        /// Time of the last change.
        var changed: Int64 = 0
        var lockedBy: Int32?

        mutating func apply(_ change: Change) {
            switch change {
            case .write(let bytes, let offset):
                if content.count < offset { content += [UInt8](repeating: 0, count: offset - content.count) }
                let overlap = min(bytes.count, content.count - offset)
                content.replaceSubrange(offset..<offset + overlap, with: bytes)
            case .truncate(let length):
                if content.count > length { content.removeLast(content.count - length) }
            }
        }

        mutating func apply(_ change: EntryChange) {
            for name in change.removed { entries[name] = nil }
            entries.merge(change.added) { $1 }
        }
    }

    var nodes: [Node] = [Node(isDirectory: true)]
    var handles: [Int32: Int] = [:]
    var nextHandle: Int32 = 1
    var clock: Int64 = 1
    var boot = 1
    var failing: [MemoryDisk.Call: Int32] = [:]
    var capacity: Int?
    var changes = 0
    /// Changes until the power goes; nil while it stays.
    var changesLeft: Int?

    // MARK: Looking

    func find(_ path: String) -> Int? {
        var node = 0
        for name in path.split(separator: "/") {
            guard let next = nodes[node].entries[String(name)] else { return nil }
            node = next
        }
        return node
    }

    var hasPower: Bool { changesLeft != 0 }

    var used: Int {
        var total = 0
        var directories = [0]
        while let directory = directories.popLast() {
            for node in nodes[directory].entries.values {
                if nodes[node].isDirectory { directories.append(node) } else { total += nodes[node].content.count }
            }
        }
        return total
    }

    // MARK: Calls

    /// Why a change cannot be made; nil when it can, and counts it.
    private mutating func refusal(_ call: MemoryDisk.Call) -> Int32? {
        if let left = changesLeft {
            guard left > 0 else { return -EIO }
            changesLeft = left - 1
        }
        if let code = failing[call] { return -code }
        changes += 1
        clock += 1
        return nil
    }

    private func place(_ name: String, in directory: Int32?) -> (parent: Int, name: String)? {
        if let directory { return handles[directory].map { ($0, name) } }
        let parts = name.split(separator: "/")
        guard let last = parts.last else { return nil }
        return find(parts.dropLast().joined(separator: "/")).map { ($0, String(last)) }
    }

    private mutating func change(_ directory: Int, _ change: Node.EntryChange) {
        nodes[directory].apply(change)
        nodes[directory].entryChanges.append(change)
        nodes[directory].changed = clock
    }

    mutating func create(_ name: String, in directory: Int32?, isDirectory: Bool) -> Int32 {
        guard let (parent, name) = place(name, in: directory) else { return -EEXIST }
        guard nodes[parent].entries[name] == nil else { return -EEXIST }
        if let code = refusal(isDirectory ? .createDirectory : .create) { return code }
        nodes.append(Node(isDirectory: isDirectory, changed: clock))
        change(parent, Node.EntryChange(added: [name: nodes.count - 1]))
        return 0
    }

    mutating func open(_ name: String, in directory: Int32?, flags: Int32) -> Int32 {
        if let code = failing[.open] { return -code }
        var found = place(name, in: directory).flatMap { nodes[$0.parent].entries[$0.name] }
        if directory == nil, name.split(separator: "/").isEmpty { found = 0 }
        if found != nil, flags & O_CREAT != 0, flags & O_EXCL != 0 { return -EEXIST }
        if found == nil {
            guard flags & O_CREAT != 0 else { return -ENOENT }
            let code = create(name, in: directory, isDirectory: false)
            guard code == 0 else { return code }
            found = nodes.count - 1
        }
        guard let node = found else { return -ENOENT }
        guard nodes[node].isDirectory == (flags & O_DIRECTORY != 0) else { return -ENOTDIR }
        let handle = nextHandle
        nextHandle += 1
        handles[handle] = node
        if flags & O_TRUNC != 0, !nodes[node].content.isEmpty {
            let code = truncate(handle, to: 0)
            guard code == 0 else { return code }
        }
        return handle
    }

    mutating func write(_ handle: Int32, _ bytes: [UInt8], at offset: Int) -> Int {
        guard let node = handles[handle] else { return Int(-EBADF) }
        if let code = refusal(.write) { return Int(code) }
        let growth = max(0, offset + bytes.count - nodes[node].content.count)
        let room = capacity.map { max(0, $0 - used) } ?? growth
        let count = bytes.count - max(0, growth - room)
        guard count > 0 else { return Int(-ENOSPC) }
        let change = Node.Change.write(Array(bytes.prefix(count)), at: offset)
        nodes[node].apply(change)
        nodes[node].changes.append(change)
        nodes[node].changed = clock
        return count
    }

    mutating func truncate(_ handle: Int32, to length: Int) -> Int32 {
        guard let node = handles[handle] else { return -EBADF }
        if let code = refusal(.truncate) { return code }
        nodes[node].apply(.truncate(length))
        nodes[node].changes.append(.truncate(length))
        nodes[node].changed = clock
        return 0
    }

    /// As on Linux, what could not be synchronized is forgotten: the next time there is nothing left to do.
    mutating func synchronize(_ handle: Int32) -> Int32 {
        guard let node = handles[handle] else { return -EBADF }
        let code = refusal(.synchronize)
        guard code == nil || changesLeft != 0 else { return code ?? -EIO }
        if nodes[node].isDirectory {
            if code == nil { nodes[node].durableEntries = nodes[node].entries }
            if code == nil { nodes[node].entryChanges = [] }
        } else {
            if code == nil {
                var file = Node(isDirectory: false, content: nodes[node].durable)
                nodes[node].durable = []
                for change in nodes[node].changes { file.apply(change) }
                nodes[node].durable = file.content
            }
            nodes[node].changes = []
        }
        return code ?? 0
    }

    mutating func rename(_ name: String, to other: String, in directory: Int32) -> Int32 {
        guard let parent = handles[directory] else { return -EBADF }
        guard let node = nodes[parent].entries[name] else { return -ENOENT }
        if let code = refusal(.rename) { return code }
        change(parent, Node.EntryChange(removed: [name], added: [other: node]))
        return 0
    }

    mutating func remove(_ name: String, in directory: Int32, isDirectory: Bool) -> Int32 {
        guard let parent = handles[directory] else { return -EBADF }
        guard let node = nodes[parent].entries[name] else { return -ENOENT }
        guard nodes[node].isDirectory == isDirectory else { return isDirectory ? -ENOTDIR : -EISDIR }
        guard nodes[node].entries.isEmpty else { return -ENOTEMPTY }
        if let code = refusal(.remove) { return code }
        change(parent, Node.EntryChange(removed: [name]))
        return 0
    }

    mutating func put(_ bytes: [UInt8], at path: String) {
        var node = 0
        let parts = path.split(separator: "/").map(String.init)
        for (index, name) in parts.enumerated() {
            if nodes[node].entries[name] == nil {
                nodes.append(Node(isDirectory: index < parts.count - 1))
                nodes[node].entries[name] = nodes.count - 1
                nodes[node].durableEntries[name] = nodes.count - 1
            }
            node = nodes[node].entries[name] ?? 0
        }
        clock += 1
        nodes[node].content = bytes
        nodes[node].durable = bytes
        nodes[node].changes = []
        nodes[node].changed = clock
    }

    // MARK: Lives

    func afterKill() -> DiskState {
        var next = self
        next.handles = [:]
        next.failing = [:]
        next.changesLeft = nil
        for index in next.nodes.indices { next.nodes[index].lockedBy = nil }
        return next
    }

    func broughtBack(isCopied: Bool, isRebooted: Bool) -> DiskState {
        var next = afterKill()
        if isRebooted { next.boot += 1 }
        next.clock += 1000
        for index in next.nodes.indices where isCopied { next.nodes[index].changed = next.clock }
        return next
    }

    func afterPowerLoss(_ random: inout some RandomNumberGenerator) -> DiskState {
        var next = afterKill()
        next.boot += 1
        for index in next.nodes.indices {
            let node = nodes[index]
            var left = next.nodes[index]
            left.content = node.durable
            left.entries = node.durableEntries
            for change in Self.survivors(of: node.entryChanges, &random) { left.apply(change) }
            for change in Self.survivors(of: node.changes, &random) {
                switch change {
                case .write(let bytes, let offset) where UInt8.random(in: 0..<4, using: &random) == 0:
                    // Part of it, as when a sector was not written any more.
                    let from = Int.random(in: 0...bytes.count, using: &random)
                    let to = Int.random(in: from...bytes.count, using: &random)
                    if to > from { left.apply(.write(Array(bytes[from..<to]), at: offset + from)) }
                default: left.apply(change)
                }
            }
            left.durable = left.content
            left.durableEntries = left.entries
            left.changes = []
            left.entryChanges = []
            next.nodes[index] = left
        }
        return next
    }

    /// Which of the changes that were not synchronized are there after all.
    private static func survivors<Change>(
        of changes: [Change], _ random: inout some RandomNumberGenerator
    ) -> [Change] {
        switch UInt8.random(in: 0..<4, using: &random) {
        case 0: []
        case 1: changes
        case 2: Array(changes.prefix(Int.random(in: 0...changes.count, using: &random)))
        default: changes.filter { _ in Bool.random(using: &random) }
        }
    }
}
