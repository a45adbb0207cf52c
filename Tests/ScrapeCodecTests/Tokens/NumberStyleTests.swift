import TestSupport
import Testing

@testable import ScrapeCodec

/// A style and a value give a token, and the same style takes that token and no other of that value.
@Suite struct NumberStyleTests {
    /// What programs of each style print, and what they never do.
    private static let tables: [(style: NumberStyle, written: [String], foreign: [String])] = [
        (
            .go,
            [
                "0", "1", "-1", "10", "999999", "-999999", "1e+06", "1.5e+06", "1.234567e+06", "9.99999999e+08", "0.1",
                "0.25", "123456.789", "0.0001", "0.00012345", "1e-05", "1.5e-05", "-2.5e-08", "1e+20", "1e+100",
                "1.23456789012345e+14", "1e-100",
            ],
            [
                "1000000", "1234567", "1234567.5", "1.0", "0.0", "0.50", "0.00001", "1e+05", "1.0e+06", "1.50e+06",
                "1.0E7", "1e-04",
            ]
        ),
        (
            .goPoint,
            ["0.0", "1.0", "-1.0", "999999.0", "1e+06", "1.5e+06", "0.25", "123456.789", "0.0001", "1e-05", "1e+20"],
            ["0", "1", "1000000.0", "1.00", "0.50", "1.0e+06", "1.0E7", "0.00001", "10"]
        ),
        (
            .decimal,
            ["0", "1", "-1", "1000000", "123456789012345678", "0.25", "-0.00001", "1234567.5", "0.00000000000000001"],
            ["0.0", "1.0", "0.50", "1e+06", "1.5E7"]
        ),
        (
            .java,
            [
                "0.0", "1.0", "-1.0", "100.0", "9999999.0", "1000000.0", "1.0E7", "1.2345678E7", "123456.789", "0.001",
                "0.0012", "1.0E-4", "1.2E-4", "-4.9E-100", "1.0E10", "1.7976931348623157E100",
            ],
            ["0", "1", "10000000.0", "0.0001", "1.00", "1.50E7", "1.0E6", "1.0E-3", "1e+07", "0.50"]
        ),
        (.fixed, ["12.50", "0.00", "-0.01", "12345678901.00"], ["12.5", "12", "1.25e+01", "12.500"]),
    ]

    private static func scale(_ style: NumberStyle, _ token: DecimalToken) -> Int8 {
        style == .fixed ? -2 : Int8(clamping: token.scale)
    }

    @Test func `each style writes what its programs print and nothing else`() throws {
        for (style, written, foreign) in Self.tables {
            for text in written {
                let token = try #require(DecimalToken.parse(text), "\(text)")
                let scale = Self.scale(style, token)
                #expect(style.writes(token, scale: scale), "\(style) and \(text)")
                let value = try #require(FieldState.value(token, scale: scale), "\(text)")
                #expect(style.token(value: value, scale: scale)?.text == text, "\(style)")
                guard scale > -100 else { continue }
                // In finer units it is the same token, where that fits.
                for finer in 1...3 where style != .fixed {
                    guard let value = FieldState.value(token, scale: scale - Int8(finer)) else { continue }
                    #expect(style.token(value: value, scale: scale - Int8(finer))?.text == text, "\(style)")
                }
            }
            for text in foreign {
                let token = try #require(DecimalToken.parse(text), "\(text)")
                #expect(!style.writes(token, scale: -2), "\(style) and \(text)")
            }
        }
    }

    @Test(arguments: NumberStyle.allCases)
    func `a token is written exactly when its value gives it back`(style: NumberStyle) throws {
        var random = SeededGenerator(seed: UInt64(style.rawValue))
        for round in 0..<10_000 * Soak.factor {
            let form = try #require(DecimalToken.Form(rawValue: UInt8(random.below(3))))
            let digits = Int64(PowersOfTen.power(random.below(19)))
            var mantissa = Int64(truncatingIfNeeded: random.next() >> 1) % digits
            if random.once(in: 3) { mantissa = mantissa / 1000 * 1000 }
            if random.once(in: 2) { mantissa = -mantissa }
            let exponent =
                form == .plain
                ? -random.below(random.once(in: 4) ? 18 : 4) : random.below(random.once(in: 3) ? 240 : 24)
            let made = DecimalToken(
                mantissa: mantissa, exponent: Int8(form == .plain ? exponent : exponent - (exponent > 24 ? 120 : 12)),
                form: form)
            // Only what can be read is a token.
            guard let token = DecimalToken.parse(made.text), token == made else { continue }
            let own = style == .fixed ? Int(token.exponent) : token.scale
            for scale in [own, own - 1, own - 4, min(own, 0), 0, -2] {
                guard let scale = Int8(exactly: scale), let value = FieldState.value(token, scale: scale) else {
                    continue
                }
                let back = style.token(value: value, scale: scale)
                guard style.writes(token, scale: scale) != (back == token) else { continue }
                Issue.record("\(style), round \(round): \(token.text) in 10^\(scale) gives \(back?.text ?? "nothing")")
                return
            }
        }
    }

    @Test(arguments: NumberStyle.allCases)
    func `any value and scale give a token of the style, or none`(style: NumberStyle) {
        var random = SeededGenerator(seed: UInt64(style.rawValue))
        for round in 0..<10_000 * Soak.factor {
            let value = Int64(bitPattern: random.next()) >> Int64(random.below(64))
            let scale = Int8(truncatingIfNeeded: random.below(256)) / (random.once(in: 2) ? 1 : 16)
            guard let token = style.token(value: value, scale: scale) else { continue }
            guard !style.writes(token, scale: scale) || token.text.utf8.count > DecimalToken.maximumLength else {
                continue
            }
            Issue.record("\(style), round \(round): \(value) × 10^\(scale) is \(token.text)")
            return
        }
        for value in [Int64.min, .max, 0, 1] {
            for scale in [Int8.min, .max, 0] { _ = style.token(value: value, scale: scale) }
        }
    }

    @Test func `what Python prints has a style, and comes back by it`() throws {
        let printed = [
            "0.0", "1.0", "-1.0", "0.1", "12345.678", "1000000.0", "123456789.0", "1234567890123456.0", "1e+16",
            "1.5e+16", "0.0001", "1e-05", "1.5e-07", "3.141592653589793", "1e+100", "5e-100",
        ]
        for text in printed {
            let token = try #require(DecimalToken.parse(text), "\(text)")
            let style = try #require(NumberStyle.style(of: token, preferred: .goPoint), "\(text)")
            let scale = Int8(clamping: style == .fixed ? Int(token.exponent) : token.scale)
            let value = try #require(FieldState.value(token, scale: scale), "\(text)")
            #expect(style.token(value: value, scale: scale)?.text == text, "\(style)")
        }
    }

    @Test func `the preferred style wins, and every plain token has one`() throws {
        for (text, preferred, style) in [
            ("5", .go, .go), ("5", .decimal, .decimal), ("5.0", .java, .java), ("5.0", .go, .goPoint),
            ("1000000", .go, .decimal), ("12.50", .go, .fixed), ("1.0E7", .go, .java), ("0.25", .java, .java),
        ] as [(String, NumberStyle, NumberStyle)] {
            let token = try #require(DecimalToken.parse(text))
            #expect(NumberStyle.style(of: token, preferred: preferred) == style, "\(text)")
        }
        for text in ["1.50e+06", "1e+05", "1.50E7"] {
            let token = try #require(DecimalToken.parse(text))
            #expect(NumberStyle.style(of: token, preferred: .go) == nil, "\(text)")
        }
    }
}
