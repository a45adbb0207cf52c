/// What a `LoopTimer` calls when a time has come.
package protocol TimedWork: AnyObject {
    /// The time has come; the ticket is used up.
    func timeArrived()
}
