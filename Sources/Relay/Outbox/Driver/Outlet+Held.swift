import Threads

/// Rows of a parked key go the same way out, between two cuts.
extension Outlet {
    /// Publishes rows although their key is parked, together and in order, and waits for their reports. Nothing else
    /// may be in flight.
    ///
    /// - Parameters:
    ///   - row: nil for one that is to be dropped.
    ///   - mayOffer: whether rows may still be offered; those in flight are waited for.
    ///   - mayWait: asked before every wait; false ends it with rows in flight.
    func publishHeld(
        _ count: Int, _ row: (Int) throws -> OutboxRow?, while mayOffer: () -> Bool, waiting mayWait: () throws -> Bool
    ) throws -> HeldFlight {
        var flight = HeldFlight()
        beginCut()
        while true {
            let isOffering = flight.refusedAtOnce == nil && mayOffer()
            if isOffering { try offerHeld(count, row, &flight) }
            takeReports()
            flight.settled = flight.offered - window.span
            flight.failure = refusals.last
            if flight.failure != nil { return flight }
            let isOffered = !isOffering || flight.offered == count || flight.refusedAtOnce != nil
            if isOffered && window.span == 0 { return flight }
            guard try mayWait() else { return flight }
            wake.wait(until: .now + .milliseconds(OutboxLimits.longestReconnectMilliseconds))
        }
    }

    /// Offers rows until the publisher is full or refuses one.
    private func offerHeld(_ count: Int, _ row: (Int) throws -> OutboxRow?, _ flight: inout HeldFlight) throws {
        while flight.offered < count {
            if let row = try row(flight.offered) {
                switch queue(row) {
                case .queued: flight.published += 1
                case .full: return
                case .refused(let refusal):
                    if refusal.isPermanent { flight.refusedAtOnce = refusal }
                    return
                }
            } else {
                passOver(0)
            }
            flight.offered += 1
        }
    }
}
