/// Why labels do not make a target: a sentence with what was found and what was expected.
struct TargetRejection: Error {
    var message: String
}
