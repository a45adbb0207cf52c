/// What a relabeling rule does. Raw values are Prometheus' names, which it takes in any case.
package enum RelabelAction: String, Sendable, Hashable, CaseIterable {
    case replace, keep, drop, keepequal, dropequal, hashmod, labelmap, labeldrop, labelkeep, lowercase, uppercase

    package init?(name: String) { self.init(rawValue: name.lowercased()) }
}
