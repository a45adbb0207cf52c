import TestSupport

/// A number of a generated exposition, with the habit of the program that writes it.
struct GeneratedValue {
    /// How programs write numbers.
    enum Habit: CaseIterable {
        case whole, fixed, shortest, scientific, printf, java, odd
    }

    var habit: Habit
    /// Counts thousandths.
    private var count: Int64
    private var decimals: Int

    /// What no program should write, and some do.
    static let oddities: [String] = [
        "NaN", "+Inf", "-Inf", "Inf", "nan", "inf", "0x1", "0x1p-3", "-0", "1.", ".5", "1e5", "1E+5", "+1", "00", "01",
        "1_000", "1e400", "5e-324", "1e+05", "1.50e+06", "1.5E3", "1.0E0", "2e+06", "1e+120", "1e+121", "-1e-120",
        "0.0", "0.00", "-0.0", "123456789012345678", "1234567890123456789", "-999999999999999999",
        "9223372036854775807", "18446744073709551616", "0.12345678901234567", "0.123456789012345678",
        "0.00000000000000000000001", "é", "{", "\"", "#", "1#", "foo", "bar", "1e", "1e+", "--1", "1.5.5", "999999",
        "1000000", "1e+06", "999999.5", "1.0E7", "9999999.0", "0.001", "1.0E-4", "1e-05", "0.0001", "9.5e-05",
        "100000000000000000", "1.7976931348623157e+308", String(repeating: "9", count: 260),
    ]

    init(using random: inout SeededGenerator) {
        habit = random.element(of: Habit.allCases)
        count = Int64(random.below(100_000))
        decimals = random.below(7)
    }

    mutating func move(using random: inout SeededGenerator) {
        switch random.below(16) {
        case 0: habit = random.element(of: Habit.allCases)
        case 1: count = 0
        case 2: count = -count
        case 3: count = Int64(truncatingIfNeeded: random.next()) >> Int64(random.below(60) + 8)
        case 4: decimals = random.below(18)
        case 5...7: count += 1000
        case 8...11: count += Int64(random.below(5000)) - 500
        default: count += Int64(random.below(4)) * 15_000
        }
        if count.magnitude > 1 << 56 { count = 7 }
    }

    func text(using random: inout SeededGenerator) -> String {
        switch habit {
        case .whole: return "\(count / 1000)"
        case .fixed: return Self.fixed(count, decimals)
        case .shortest: return count % 1000 == 0 ? "\(count / 1000)" : "\(Double(count) / 1000)"
        case .scientific: return Self.scientific(count, trimming: true)
        case .printf: return Self.scientific(count, trimming: false)
        case .java: return "\(Double(count) * 1000)".replacing("e+", with: "E").replacing("e", with: "E")
        case .odd: return random.element(of: Self.oddities)
        }
    }

    private static func fixed(_ count: Int64, _ decimals: Int) -> String {
        guard decimals > 0 else { return "\(count)" }
        let digits = "\(count.magnitude)"
        let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
        return (count < 0 ? "-" : "") + padded.dropLast(decimals) + "." + padded.suffix(decimals)
    }

    private static func scientific(_ count: Int64, trimming: Bool) -> String {
        var digits = "\(count.magnitude)"
        let exponent = digits.count - 4
        if trimming {
            while digits.count > 1, digits.hasSuffix("0") { digits.removeLast() }
        } else {
            digits += String(repeating: "0", count: max(0, 7 - digits.count))
        }
        let power = abs(exponent) < 10 ? "0\(abs(exponent))" : "\(abs(exponent))"
        return (count < 0 ? "-" : "") + digits.prefix(1) + (digits.count > 1 ? "." : "") + digits.dropFirst() + "e"
            + (exponent < 0 ? "-" : "+") + power
    }
}
