/// What waits in a lane.
protocol LaneRequest: Sendable {
    /// Work is about to start. Returns false if there is nobody to work for any more; then the request has been
    /// answered.
    func claim(at now: ContinuousClock.Instant) -> Bool
    func fail(_ error: EventStoreError)
}
