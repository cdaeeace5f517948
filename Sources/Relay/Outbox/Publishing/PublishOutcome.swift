/// What became of offering one row.
public enum PublishOutcome: Equatable, Sendable {
    /// Accepted; a report will follow.
    case queued
    /// There is no room now. The row can be offered again after reports have been taken.
    case full
    /// Refused at once; no report follows.
    case refused(PublishFailure)
}

/// Why a row was not published.
public struct PublishFailure: Error, Equatable, Sendable {
    /// What a failure is about.
    public enum Kind: Equatable, Sendable {
        /// The same row can succeed later.
        case transient
        /// This row, or another one of its batch, will never be taken. If the refusal is a report, the relay finds out
        /// which row it is by sending one row at a time.
        case row
        /// No row of this topic will be taken until an operator acts.
        case topic
        /// The publisher cannot be used any more; another one has to be made.
        case client
        /// Another publisher was opened for the same outbox: the relay must make sure that it still leads.
        case fenced
    }

    /// What the failure is about.
    public let kind: Kind
    /// A name that an operator can look up, such as `MSG_SIZE_TOO_LARGE`, and its meaning.
    public let explanation: String

    /// - Parameter explanation: safe to log and to show: no payloads, no credentials.
    public init(_ kind: Kind, _ explanation: String) {
        self.kind = kind
        self.explanation = explanation
    }

    /// Whether trying the same row again is useless until an operator acts.
    public var isPermanent: Bool { kind == .row || kind == .topic }
}
