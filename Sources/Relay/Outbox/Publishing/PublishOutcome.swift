/// What became of offering one row.
public enum PublishOutcome: Equatable, Sendable {
    /// Accepted; a report will follow.
    case queued
    /// No room now; offer the row again after reports have been taken.
    case full
    /// Refused at once; no report follows.
    case refused(PublishFailure)
}

/// Why a row was not published.
public struct PublishFailure: Error, Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
        /// The same row can succeed later.
        case transient
        /// This row, or one that shared its batch, will never be taken. When reported rather than refused at once, the
        /// relay finds out which by sending one row at a time.
        case row
        /// No row of this topic will be taken until somebody acts.
        case topic
        /// The publisher is done for; another has to be made.
        case client
        /// Another publisher was opened for the same outbox: this relay must make sure that it still leads.
        case fenced
    }

    public let kind: Kind
    /// A name an operator can look up, such as `MSG_SIZE_TOO_LARGE`, and what it means.
    public let explanation: String

    public init(_ kind: Kind, _ explanation: String) {
        self.kind = kind
        self.explanation = explanation
    }

    /// Whether only an operator can help.
    public var isPermanent: Bool { kind == .row || kind == .topic }
}
