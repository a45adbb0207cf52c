/// How the collector's copy of an agent's log and the agent's own compare, as `/api/v1/agents/{name}/verify` says it.
package struct LogVerification: Sendable, Hashable, Codable {
    /// Bytes of one epoch of the log, `to` excluded.
    package struct Range: Sendable, Hashable, Codable {
        /// Sixteen hexadecimal digits.
        package var epoch: String
        package var from: UInt64
        package var to: UInt64

        package init(epoch: String, from: UInt64, to: UInt64) {
            self.epoch = epoch
            self.from = from
            self.to = to
        }

        package var bytes: UInt64 { to - min(from, to) }
    }

    package var agent: String
    /// Held by both, with equal bytes.
    package var identical: [Range]
    /// Held by both, and not equal: must never happen.
    package var different: [Range]
    /// Held by the agent only: not sent yet.
    package var missingAtCollector: [Range]
    /// Held by the collector only: acknowledged, and deleted at the agent.
    package var missingAtAgent: [Range]
    /// Held by both and not compared.
    package var unchecked: [Range]

    package init(
        agent: String, identical: [Range], different: [Range], missingAtCollector: [Range], missingAtAgent: [Range],
        unchecked: [Range]
    ) {
        self.agent = agent
        self.identical = identical
        self.different = different
        self.missingAtCollector = missingAtCollector
        self.missingAtAgent = missingAtAgent
        self.unchecked = unchecked
    }

    private enum CodingKeys: String, CodingKey {
        case agent, identical, different, unchecked
        case missingAtCollector = "missing_at_collector"
        case missingAtAgent = "missing_at_agent"
    }
}

extension LogVerification {
    /// As JSON, in the envelope of all answers of the API.
    var page: [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.string("status", "success")
            json.key("data")
            json.object { json in
                json.string("agent", agent)
                Self.write("identical", identical, &json)
                Self.write("different", different, &json)
                Self.write("missing_at_collector", missingAtCollector, &json)
                Self.write("missing_at_agent", missingAtAgent, &json)
                Self.write("unchecked", unchecked, &json)
            }
        }
        return json.bytes
    }

    private static func write(_ name: String, _ ranges: [Range], _ json: inout JSONWriter) {
        json.key(name)
        json.array { json in
            for range in ranges {
                json.object { json in
                    json.string("epoch", range.epoch)
                    json.key("from")
                    json.number(Int64(clamping: range.from))
                    json.key("to")
                    json.number(Int64(clamping: range.to))
                }
            }
        }
    }
}
