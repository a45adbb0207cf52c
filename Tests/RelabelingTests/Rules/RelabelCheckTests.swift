import Testing

@testable import Relabeling

/// What is refused when a rule is loaded, and which field is blamed.
@Suite struct RelabelCheckTests {
    private func blamed(_ change: (inout RelabelRule.Fields) -> Void) -> RelabelError.Field? {
        var fields = RelabelRule.Fields()
        change(&fields)
        do throws(RelabelError) {
            _ = try RelabelRule(fields)
            return nil
        } catch {
            return error.field
        }
    }

    @Test(arguments: [RelabelAction.replace, .keepequal, .dropequal, .hashmod, .lowercase, .uppercase])
    func `actions that write or compare need a target label`(action: RelabelAction) {
        #expect(
            blamed {
                $0.action = action
                $0.modulus = action == .hashmod ? 8 : 0
            } == .targetLabel)
    }

    @Test func `hashmod needs a modulus`() {
        #expect(
            blamed {
                $0.action = .hashmod
                $0.targetLabel = "a"
            } == .modulus)
    }

    @Test func `fields an action does not know are refused by name`() {
        for action in [RelabelAction.labeldrop, .labelkeep] {
            #expect(
                blamed {
                    $0.action = action
                    $0.sourceLabels = ["a"]
                } == .sourceLabels)
            #expect(
                blamed {
                    $0.action = action
                    $0.replacement = "x"
                } == .replacement)
        }
        for action in [RelabelAction.keepequal, .dropequal] {
            #expect(
                blamed {
                    $0.action = action
                    $0.targetLabel = "a"
                    $0.separator = ","
                } == .separator)
            #expect(
                blamed {
                    $0.action = action
                    $0.targetLabel = "a"
                    $0.regex = "a"
                } == .regex)
        }
        #expect(
            blamed {
                $0.action = .lowercase
                $0.targetLabel = "a"
                $0.replacement = "x"
            } == .replacement)
        #expect(
            blamed {
                $0.action = .labelmap
                $0.replacement = ""
            } == .replacement)
    }

    @Test(arguments: [
        "(", "a(?=b)", "a(?!b)", "(?<=a)b", "(a)\\1", "\\C", "x\\Qa\\E\\C", "a{1001}", "*", "[b-a]", "(?P<n>a)(?P<n>b)",
        "\\Qa.b",
    ])
    func `what RE2 in Go does not accept is refused, and the error names it`(pattern: String) throws {
        do throws(PatternError) {
            _ = try Pattern(pattern)
            Issue.record("\(pattern) was accepted")
        } catch {
            #expect(error.pattern == pattern && !error.reason.isEmpty)
        }
    }

    @Test(arguments: ["\\Q\\C\\E", "a\\\\C", "(?i)abc", "\\pL+", "a)(b", "[[:alpha:]]+"])
    func `what it accepts is accepted`(pattern: String) throws {
        _ = try Pattern(pattern)
    }

    @Test func `a pattern that would take gigabytes is refused, and a long match takes linear time`() throws {
        #expect(throws: PatternError.self) { _ = try Pattern("((a{100}){100}){100}") }
        let pattern = try Pattern("(a*)*b|(x+x+)+y")
        #expect(!pattern.matches(String(repeating: "a", count: 100_000)))
        #expect(!pattern.matches(String(repeating: "x", count: 100_000)))
    }
}
