/// One key of a target's URL query with its values, as a job's `params` has them.
package struct URLParameter: Sendable, Hashable {
    package var name: String
    package var values: [String]

    package init(name: String, values: [String]) {
        self.name = name
        self.values = values
    }
}
