/// Numbers of one kind within a body: values, or what is behind them. Neighbours are looked for within a lane.
struct FieldLane {
    /// 0 for values, 1 for what is behind them.
    let number: Int
    /// The last difference of this lane that was not its neighbour's; nil before the first.
    var difference: Int64?
    /// Whether the last changed field had it too.
    var wasNeighbours = false
    /// Whether the last field changed.
    var didChange = false
    /// Raw value of the style that the next field without a past is expected to have.
    var style: UInt8

    init(number: Int) {
        self.number = number
        style = (number == 0 ? NumberStyle.go : .decimal).rawValue
    }

    /// Gives a field without a past one: zero, written as its neighbour writes.
    mutating func prepare(_ field: inout FieldState) {
        field.style = style
        field.hold(NumberStyle(rawValue: style)?.token(value: 0, scale: 0) ?? .zero)
    }
}

extension FieldState {
    /// Where the probability is that this field changes.
    @inline(__always)
    func context(_ lane: FieldLane) -> Int {
        FieldModel.changed &+ (isFresh ? 32 : lane.number &* 16) &+ changes &* 2 &+ (lane.didChange ? 1 : 0)
    }

    /// Where the probability is that it moves as its neighbour.
    @inline(__always)
    func neighbourContext(_ lane: FieldLane) -> Int {
        FieldModel.neighbour &+ lane.number &* 8 &+ (lane.wasNeighbours ? 4 : 0) &+ neighbourHits
    }
}
