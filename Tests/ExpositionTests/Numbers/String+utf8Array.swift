extension String {
    var utf8Array: [UInt8] { Array(utf8) }
}
