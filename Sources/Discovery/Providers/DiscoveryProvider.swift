/// Something that finds targets for one job. Confined to the event loop of its manager.
///
/// What it found last stays until it finds something else: an error takes nothing away.
protocol DiscoveryProvider: AnyObject {
    /// Begins, and reports at once what can be known at once. `report` is called on the event loop, whenever groups or
    /// problems changed.
    func start(_ report: @escaping (DiscoveryReport) -> Void)

    /// Whether all that it looks at has been looked at once, with or without success.
    var isSettled: Bool { get }

    /// Ends; no more reports.
    func stop()
}
