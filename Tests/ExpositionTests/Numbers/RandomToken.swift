import Foundation
import TestSupport

/// Makes decimal tokens of all kinds: what exporters write, any digits, and neighbours of the middle of two doubles.
enum RandomToken {
    /// Replaces a token by a random one. It always has the form of a number.
    static func make(_ token: inout [UInt8], _ generator: inout SeededGenerator) {
        token.removeAll(keepingCapacity: true)
        switch generator.next() % 8 {
        case 0: token.append(UInt8(ascii: "-"))
        case 1: token.append(UInt8(ascii: "+"))
        default: break
        }
        switch Int.random(in: 0..<10, using: &generator) {
        case 0...3: digits(&token, upTo: 20, exponent: 340, &generator)
        case 4: digits(&token, upTo: 60, exponent: 340, &generator)
        case 5:
            token.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: Int.random(in: 0..<50, using: &generator)))
            digits(&token, upTo: 5, exponent: 400, &generator)
        case 6: digits(&token, upTo: 20, exponent: 3, &generator)
        case 7: token += double(&generator).description.utf8
        case 8:
            // A number of 17 digits that is near a double, or a little off.
            let exact = double(&generator).description
            token += exact.utf8.prefix { $0 != UInt8(ascii: "e") }
            digits(&token, upTo: 8, exponent: 0, &generator)
            token += exact.utf8.drop { $0 != UInt8(ascii: "e") }
        default: middle(&token, &generator)
        }
    }

    /// What the C library makes of a token, or nil where that is infinite. The token must have a number's form.
    static func readByC(_ token: [UInt8]) -> Double? {
        let value = token.withUnsafeBytes { bytes in
            withUnsafeTemporaryAllocation(of: CChar.self, capacity: bytes.count + 1) { copy -> Double in
                for index in bytes.indices { copy[index] = CChar(bitPattern: bytes[index]) }
                copy[bytes.count] = 0
                return copy.baseAddress.map { strtod($0, nil) } ?? 0
            }
        }
        // The words are infinite and have no digits.
        return value.isInfinite && token.contains { (0x30...0x39).contains($0) } ? nil : value
    }

    /// A double of any size, more often a small integer or a denormal than by chance.
    private static func double(_ generator: inout SeededGenerator) -> Double {
        let bits = generator.next()
        return switch bits % 8 {
        case 0: Double(bitPattern: generator.next() >> 12)
        case 1: Double(generator.next() >> 10)
        default: Double(bitPattern: generator.next() & 0x7FEF_FFFF_FFFF_FFFF)
        }
    }

    private static func digits(
        _ token: inout [UInt8], upTo limit: Int, exponent: Int, _ generator: inout SeededGenerator
    ) {
        let count = Int.random(in: 1...limit, using: &generator)
        var rest: UInt64 = 0
        let hasPoint = exponent == 0 || token.contains(UInt8(ascii: "."))
        let point = hasPoint ? count + 1 : Int.random(in: 0...count + 2, using: &generator)
        for index in 0..<count {
            if index == point { token.append(UInt8(ascii: ".")) }
            if index % 16 == 0 { rest = generator.next() }
            token.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        if point == count { token.append(UInt8(ascii: ".")) }
        if exponent > 0, generator.next() & 1 == 0 {
            token.append(generator.next() & 1 == 0 ? UInt8(ascii: "e") : UInt8(ascii: "E"))
            let power = Int.random(in: -exponent...exponent, using: &generator)
            if power >= 0, power & 1 == 1 { token.append(UInt8(ascii: "+")) }
            token += String(power).utf8
        }
    }

    /// The middle of two doubles, written out, or that with one digit more behind it.
    private static func middle(_ token: inout [UInt8], _ generator: inout SeededGenerator) {
        // An odd number of 54 bits lies between two doubles, and so does any power of two of it. Divided by 2^k it is
        // the product with 5^k, the point moved k places.
        var number = UInt128((1 << 52 | generator.next() >> 12) << 1 | 1)
        var places = 0
        if generator.next() & 1 == 0 {
            places = Int.random(in: 0...30, using: &generator)
            for _ in 0..<places { number *= 5 }
        } else {
            number <<= UInt128(generator.next() % 60)
        }
        token += String(number).utf8
        let zeros = Int.random(in: 0..<8, using: &generator) * 120
        token.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: zeros))
        if generator.next() & 1 == 0 {
            token.append(UInt8(ascii: "1"))
            places += 1
        }
        token += "e-\(places + zeros)".utf8
    }
}
