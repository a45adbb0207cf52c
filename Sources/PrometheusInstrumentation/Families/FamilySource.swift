/// Something that can say what the series of a registered family are now.
protocol FamilySource: Sendable {
    var header: FamilyHeader { get }
    func snapshot() -> FamilySnapshot
}
