/// A set of labels, sorted by the bytes of their names.
///
/// It owns its invariants: names are unique, and no value is empty, because to Prometheus a label without a value and a
/// label that is not there are the same thing.
package struct Labels: Sendable, Hashable {
    private var storage: [Label] = []

    /// No labels.
    package init() {}

    /// The labels of `pairs`; of a name given twice the last value counts, an empty value removes it.
    package init(_ pairs: some Sequence<(String, String)>) {
        for (name, value) in pairs { self[name] = value }
    }

    /// The value of a label, `nil` when there is none; setting `nil` or an empty value removes the label.
    package subscript(_ name: String) -> String? {
        get {
            let index = firstIndex(notBefore: name)
            return holds(name, at: index) ? storage[index].value : nil
        }
        set {
            let index = firstIndex(notBefore: name)
            let exists = holds(name, at: index)
            switch newValue {
            case .none, .some(""):
                if exists { storage.remove(at: index) }
            case .some(let value):
                if exists {
                    storage[index].value = value
                } else {
                    storage.insert(Label(name: name, value: value), at: index)
                }
            }
        }
    }

    /// All labels, sorted by name, names unique, values never empty.
    package var pairs: [(name: String, value: String)] {
        storage.map { (name: $0.name, value: $0.value) }
    }

    /// How many labels there are.
    package var count: Int { storage.count }

    /// Whether there is no label.
    package var isEmpty: Bool { storage.isEmpty }

    private func holds(_ name: String, at index: Int) -> Bool {
        index < storage.count && storage[index].name.utf8.elementsEqual(name.utf8)
    }

    /// Where `name` is, or where it would have to be inserted.
    private func firstIndex(notBefore name: String) -> Int {
        var low = 0
        var high = storage.count
        while low < high {
            let middle = (low + high) / 2
            if storage[middle].name.utf8.lexicographicallyPrecedes(name.utf8) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }
}

extension Labels: CustomStringConvertible {
    /// The labels as Prometheus prints them, `{a="b", c="d"}`, quotes, backslashes and control characters escaped.
    package var description: String {
        let parts = storage.map { label in
            "\(label.name)=\(label.value.debugDescription)"
        }
        return "{" + parts.joined(separator: ", ") + "}"
    }
}
