import Postgres

/// The part of a lane that talks to Postgres. It lives on the lane's thread and blocks it.
protocol LaneWorker: AnyObject, SendableMetatype {
    associatedtype Request: LaneRequest

    /// Called by a worker that stays busy while Postgres is away, with the reason, and with nil when it is back: the
    /// lane refuses requests in between. Set once, by the lane.
    var availabilityChanged: ((LaneDown?) -> Void)? { get set }

    /// Connects if there is no usable connection.
    func connect() throws(LaneDown)

    /// Works on a batch and answers all of it, except what it returns: requests that must be part of the next batch.
    ///
    /// - Throws: ``LaneDown`` when Postgres is away, after having answered the batch.
    func process(_ batch: [Request]) throws(LaneDown) -> [Request]

    func close()
}

/// Postgres cannot be reached.
struct LaneDown: Error {
    /// For the client, so without addresses; the log has the rest.
    let reason: String

    init(_ error: PostgresError) {
        reason = error.code == .deadline ? "Postgres does not answer in time" : "Postgres cannot be reached"
    }
}
