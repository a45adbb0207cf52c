extension Labels {
    /// These labels with the collector's `stamps` put on them.
    ///
    /// A stamp always wins. A label of the same name is kept as `exported_NAME`, the prefix repeated until the name
    /// is free; when several collide the shortest name goes first, as in Prometheus, so that the outcome does not
    /// depend on who asks.
    package func stamped(with stamps: Labels) -> Labels {
        var result = self
        var displaced: [(name: String, value: String)] = []
        for (name, value) in stamps.pairs {
            if let own = self[name] { displaced.append((name, own)) }
            result[name] = value
        }
        // Pairs are sorted by name and the sort is by length alone, so equal lengths stay in the order of their names.
        let ordered = displaced.enumerated().sorted {
            ($0.element.name.utf8.count, $0.offset) < ($1.element.name.utf8.count, $1.offset)
        }
        for (_, label) in ordered {
            var name = "exported_" + label.name
            while result[name] != nil { name = "exported_" + name }
            result[name] = label.value
        }
        return result
    }
}
