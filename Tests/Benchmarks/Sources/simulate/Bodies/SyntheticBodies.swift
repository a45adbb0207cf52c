import NIOCore

/// A synthetic target: the shared layout with values of its own, of which a given share moves at every scrape.
///
/// There is no ring and no end: each body is made when the one before it was fetched, in a few hundred microseconds, so
/// counters never go backwards and no two targets ever show the same numbers.
struct SyntheticBodies: BodySource {
    private let layout: SyntheticLayout
    private let compressor: GzipCompressor
    private var random: SplitMix
    private var values: [SyntheticValue] = []
    private var isFirst = true
    private var text: [UInt8] = []

    /// Target `number`; the same number gives the same values in every run.
    init(number: Int, layout: SyntheticLayout, moving: Double, compressor: GzipCompressor) {
        self.layout = layout
        self.compressor = compressor
        random = SplitMix(seed: UInt64(number + 1) &* 0x2545_f491_4f6c_dd1d)
        values.reserveCapacity(layout.samples)
        for family in layout.families {
            for _ in family.series {
                values.append(SyntheticValue(kind: family.kind, moving: moving, random: &random))
            }
        }
    }

    mutating func next() throws -> RenderedBody {
        if !isFirst {
            for index in values.indices { values[index].advance(&random) }
        }
        isFirst = false
        text.removeAll(keepingCapacity: true)
        var index = 0
        for family in layout.families {
            text.append(contentsOf: family.comments)
            for series in family.series {
                text.append(contentsOf: series)
                GoNumber.append(mantissa: values[index].mantissa, decimals: values[index].decimals, to: &text)
                text.append(UInt8(ascii: "\n"))
                index += 1
            }
        }
        let plain = ByteBuffer(bytes: text)
        return RenderedBody(plain: plain, gzip: try compressor.compress(plain), samples: layout.samples)
    }
}
