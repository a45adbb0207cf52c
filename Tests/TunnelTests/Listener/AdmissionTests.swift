import NIOCore
import Testing

@testable import Tunnel

/// Who may begin a handshake, and who has to make room.
@Suite struct AdmissionTests {
    let start = NIODeadline.now()

    private func limits(pending: Int = 4, perAddress: Int = 2, burst: Double = 100) -> Admission.Limits {
        var limits = Admission.Limits()
        limits.pending = pending
        limits.pendingPerAddress = perAddress
        limits.burst = burst
        return limits
    }

    @Test func `where one address has its fill, its oldest handshake makes room`() {
        var admission = Admission(limits: limits())
        #expect(admission.accept("a", number: 1, now: start) == .admitted)
        #expect(admission.accept("b", number: 2, now: start) == .admitted)
        #expect(admission.accept("a", number: 3, now: start) == .admitted)
        #expect(admission.accept("a", number: 4, now: start) == .evicting(1))
        #expect(admission.accept("a", number: 5, now: start) == .evicting(3))
        #expect(admission.pending == 3)
    }

    @Test func `where all have their fill, the oldest handshake of all makes room`() {
        var admission = Admission(limits: limits())
        for number in 1...4 as ClosedRange<UInt64> {
            #expect(admission.accept("\(number)", number: number, now: start) == .admitted)
        }
        #expect(admission.accept("new", number: 5, now: start) == .evicting(1))
        #expect(admission.pending == 4)
    }

    @Test func `who has done the handshake keeps its place`() {
        var admission = Admission(limits: limits(pending: 3, perAddress: 2))
        _ = admission.accept("a", number: 1, now: start)
        _ = admission.accept("a", number: 2, now: start)
        admission.authenticated(1)
        #expect(admission.accept("a", number: 3, now: start) == .evicting(2))
        admission.authenticated(3)
        #expect(admission.accept("a", number: 4, now: start) == .refused("too_many_pending_from_address"))
        _ = admission.accept("b", number: 5, now: start)
        admission.authenticated(5)
        #expect(admission.accept("c", number: 6, now: start) == .refused("too_many_pending"))
        admission.settle(1)
        #expect(admission.accept("c", number: 7, now: start) == .admitted)
    }

    @Test func `what is settled twice, or was evicted, counts once`() {
        var admission = Admission(limits: limits(pending: 10, perAddress: 1))
        _ = admission.accept("a", number: 1, now: start)
        #expect(admission.accept("a", number: 2, now: start) == .evicting(1))
        admission.settle(1)
        admission.settle(1)
        #expect(admission.pending == 1)
        admission.settle(2)
        admission.settle(2)
        admission.settle(99)
        #expect(admission.pending == 0)
        #expect(admission.accept("a", number: 3, now: start) == .admitted)
    }

    @Test func `an address has a burst of forty, then ten a second`() {
        var admission = Admission()
        var number: UInt64 = 0
        func attempt(_ admission: inout Admission, _ now: NIODeadline) -> Admission.Verdict {
            number += 1
            defer { admission.settle(number) }
            return admission.accept("a", number: number, now: now)
        }
        for _ in 0..<40 { #expect(attempt(&admission, start) == .admitted) }
        #expect(attempt(&admission, start) == .refused("rate"))
        #expect(attempt(&admission, start + .milliseconds(50)) == .refused("rate"))
        #expect(attempt(&admission, start + .milliseconds(151)) == .admitted)
        let later = start + .hours(1)
        for _ in 0..<40 { #expect(attempt(&admission, later) == .admitted) }
        #expect(attempt(&admission, later) == .refused("rate"))
        number += 1
        #expect(admission.accept("b", number: number, now: later) == .admitted)
    }

    @Test func `a refused connection costs no place and evicts nobody`() {
        var admission = Admission(limits: limits(perAddress: 1, burst: 1))
        #expect(admission.accept("a", number: 1, now: start) == .admitted)
        for number in 2...100 as ClosedRange<UInt64> {
            #expect(admission.accept("a", number: number, now: start) == .refused("rate"))
        }
        #expect(admission.pending == 1)
    }

    @Test func `addresses without number are forgotten, not those that hold a place`() {
        var admission = Admission()
        #expect(admission.accept("held", number: 1, now: start) == .admitted)
        for number in 2...20_000 as ClosedRange<UInt64> {
            _ = admission.accept("\(number)", number: number, now: start)
            admission.settle(number)
        }
        #expect(admission.knownAddresses <= 4097)
        #expect(admission.pending == 1)
        admission.settle(1)
        #expect(admission.pending == 0)
    }

    @Test(arguments: [
        ("192.0.2.7", "192.0.2.7"), ("2001:db8:1:2:3:4:5:6", "20:1:d:b8:0:1:0:2"),
        ("2001:db8:1:2::ffff", "20:1:d:b8:0:1:0:2"), ("::ffff:192.0.2.7", "::ffff:192.0.2.7"),
    ])
    func `an IPv6 peer is counted by its /64, others by their address`(address: String, key: String) throws {
        #expect(AddressKey.make(try SocketAddress(ipAddress: address, port: 1)) == key)
    }

    @Test func `peers are described as one would dial them`() throws {
        #expect(AddressKey.describe(try SocketAddress(ipAddress: "192.0.2.7", port: 9443)) == "192.0.2.7:9443")
        #expect(AddressKey.describe(try SocketAddress(ipAddress: "2001:db8::1", port: 1)) == "[2001:db8::1]:1")
        #expect(AddressKey.describe(nil) == "unknown")
    }
}
