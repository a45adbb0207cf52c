/// The significant digits of a positive number, and where its decimal point stands.
struct DecimalDigits {
    /// The digits, without leading zeros; trailing zeros are dropped by the layout. 17 are enough for any double.
    private var buffer: InlineArray<24, UInt8> = .init(repeating: 0)
    private var count = 0
    /// Number of digits before the decimal point; may be negative or beyond the digits.
    private var point = 0

    mutating func setInteger(_ value: UInt64) {
        var rest = value
        var length = 0
        var probe = value
        while probe > 0 {
            length += 1
            probe /= 10
        }
        var index = length
        while index > 0 {
            index -= 1
            buffer[index] = UInt8(truncatingIfNeeded: rest % 10) &+ UInt8(ascii: "0")
            rest /= 10
        }
        count = length
        point = length
        dropTrailingZeros()
    }

    /// Reads `123.456`, `1.5e-07` or `5e+20`.
    mutating func setDescription(_ text: UnsafeBufferPointer<UInt8>) {
        var integerDigits = 0
        var leadingZeros = 0
        var seenPoint = false
        var index = 0
        while index < text.count {
            let byte = text[index]
            if byte == UInt8(ascii: ".") {
                seenPoint = true
            } else if byte == UInt8(ascii: "e") {
                break
            } else {
                if count == 0, byte == UInt8(ascii: "0") {
                    if seenPoint { leadingZeros += 1 }
                } else if count < buffer.count {
                    buffer[count] = byte
                    count += 1
                    if !seenPoint { integerDigits += 1 }
                } else if !seenPoint {
                    integerDigits += 1
                }
            }
            index += 1
        }
        point = integerDigits > 0 ? integerDigits : -leadingZeros
        index += 1
        var isNegative = false
        var exponent = 0
        while index < text.count {
            switch text[index] {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "+"): break
            case let digit: exponent = exponent * 10 + Int(digit &- UInt8(ascii: "0"))
            }
            index += 1
        }
        point += isNegative ? -exponent : exponent
        dropTrailingZeros()
    }

    private mutating func dropTrailingZeros() {
        while count > 1, buffer[count - 1] == UInt8(ascii: "0") { count -= 1 }
    }

    func appendLayout(to output: inout [UInt8]) {
        let exponent = point - 1
        if exponent < -4 || exponent >= 6 {
            output.append(buffer[0])
            if count > 1 {
                output.append(UInt8(ascii: "."))
                append(1..<count, to: &output)
            }
            output.append(UInt8(ascii: "e"))
            output.append(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
            let magnitude = exponent.magnitude
            if magnitude >= 100 { output.append(UInt8(ascii: "0") + UInt8(magnitude / 100)) }
            output.append(UInt8(ascii: "0") + UInt8(magnitude / 10 % 10))
            output.append(UInt8(ascii: "0") + UInt8(magnitude % 10))
        } else if point <= 0 {
            output.append(UInt8(ascii: "0"))
            output.append(UInt8(ascii: "."))
            for _ in 0..<(-point) { output.append(UInt8(ascii: "0")) }
            append(0..<count, to: &output)
        } else {
            append(0..<min(count, point), to: &output)
            if count > point {
                output.append(UInt8(ascii: "."))
                append(point..<count, to: &output)
            } else {
                for _ in count..<point { output.append(UInt8(ascii: "0")) }
            }
        }
    }

    private func append(_ range: Range<Int>, to output: inout [UInt8]) {
        for index in range { output.append(buffer[index]) }
    }
}
