/// The lines and fields of a target's newest body that was stored by lines. Both sides keep the same.
///
/// Owns the dictionaries its lines are in, and the lines that no dictionary had room for.
struct Layout: Sendable {
    var lines: [LineReference] = []
    var fields: [FieldState] = []
    /// How many of the lines have a sample; only the decoder keeps count.
    var samples = 0
    var texts = TextStore()
    private(set) var model = FieldModel()
    let dictionary: LineDictionary
    private(set) var own: LineDictionary
    /// Finds lines among the own ones; only the encoder has it.
    var ownIndex = LineIndex()

    init(dictionary: LineDictionary, limits: CodecLimits) {
        self.dictionary = dictionary
        self.own = LineDictionary(limits: .init(lines: limits.bodyLines, bytes: limits.bodyBytes), isPrivate: true)
    }

    /// Makes a copy of a layout independent of the original, before it is changed; does nothing for one that nobody shares.
    mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&model) { model = FieldModel(copying: model) }
        if !isKnownUniquelyReferenced(&own) { own = own.fork() }
    }

    /// Bytes kept for this target's texts outside of the shared dictionary.
    var ownBytes: Int { own.cost + texts.cost }

    /// Whether lines that are gone take more room than those that are left: a keyframe would free it.
    var isWasteful: Bool { own.count > 1024 && own.count > 2 * lines.count }
}
