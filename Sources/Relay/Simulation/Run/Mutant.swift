/// A way to break the system on purpose: what a simulation must notice. Each is one switch in a model, at the place
/// where the relay's statement or call takes effect.
package enum Mutant: String, CaseIterable, Sendable {
    /// The checkpoint moves for any epoch, and from any place.
    case noFenceOnCheckpoint = "no-fence-on-checkpoint"
    /// The lease is renewed for any epoch.
    case noFenceOnLease = "no-fence-on-lease"
    /// A new leader leaves the epoch as it is.
    case epochNotRaised = "epoch-not-raised"
    /// A cut reads the rows behind the highest id that was read.
    case readsByID = "read-by-id"
    /// Rows of transactions that the last cut saw in progress are left out.
    case lateRowsNotFetched = "late-rows-not-fetched"
    /// A new session takes the cut that was being drained once more.
    case cutTakenAgain = "cut-taken-again"
    /// A cut never waits for the disk.
    case publishesWhatIsNotOnDisk = "publish-what-is-not-on-disk"
    /// A row counts as acknowledged when it is sent.
    case checkpointBeforeAck = "checkpoint-before-ack"
    /// A new session does not know which keys are parked.
    case parkedKeyLetThrough = "parked-key-let-through"
    /// Held rows are released in the other order.
    case releasedInWrongOrder = "released-in-wrong-order"
    /// Rows are looked for when a writer notifies, and at no other time.
    case notifyWithoutPoll = "notify-without-poll"
    /// Exactly once: Kafka's record is not read.
    case recordNotRead = "record-not-read"

    /// Whether only exactly-once delivery has what it breaks.
    package var needsExactlyOnce: Bool { self == .recordNotRead }
}
