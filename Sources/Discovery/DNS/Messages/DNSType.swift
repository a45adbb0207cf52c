/// The numbers of the record types that mean something here, and of the one class.
enum DNSType {
    static let a: UInt16 = 1
    static let ns: UInt16 = 2
    static let cname: UInt16 = 5
    static let null: UInt16 = 10
    static let mx: UInt16 = 15
    static let aaaa: UInt16 = 28
    static let srv: UInt16 = 33
    static let opt: UInt16 = 41

    static let internetClass: UInt16 = 1
}
