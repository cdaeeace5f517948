/// The part of a lane that talks to Postgres. It lives on the lane's thread and blocks it.
protocol LaneWorker: AnyObject, SendableMetatype {
    associatedtype Request: LaneRequest

    /// Connects if there is no usable connection.
    func connect() throws(LaneDown)

    /// Works on a batch and answers all of it, except what it returns: requests that must be part of the next batch.
    ///
    /// - Throws: ``LaneDown`` when Postgres is away, after having answered the batch.
    func process(_ batch: [Request]) throws(LaneDown) -> [Request]

    func close()
}

/// Postgres cannot be reached, for this reason.
struct LaneDown: Error {
    let reason: String
}
