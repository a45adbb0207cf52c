import Testing

@testable import TLS

@Suite struct DigestTests {
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    ])
    func `SHA-256 gives the published values`(text: String, hex: String) {
        let hash = Digest.sha256(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        #expect(hash == hex)
        #expect(Digest.sha256(text.utf8) == Digest.sha256(Array(text.utf8)))
        #expect(Digest.sha256(Array(text.utf8).reversed().reversed()) == Digest.sha256(Array(text.utf8)))
    }

    @Test func `random numbers do not repeat`() {
        let numbers = Set((0..<1000).map { _ in SecureRandom.randomUInt64() })
        #expect(numbers.count == 1000)
    }
}
