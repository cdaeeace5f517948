public import Postgres

/// How often a row may arrive in Kafka.
public enum DeliveryGuarantee: String, CaseIterable, Sendable {
    /// Never lost. After a crash, rows that the checkpoint does not count yet are sent again.
    case atLeastOnce = "at-least-once"
    /// Rows and the record of how far they go are one Kafka transaction: a consumer that reads committed messages sees
    /// each row once.
    case exactlyOnce = "exactly-once"
}

/// What a relay does when Kafka has rows that its database lost: after the promotion of an asynchronous standby, or the
/// restore of a backup.
public enum DataLossPolicy: String, CaseIterable, Sendable {
    /// It ends, and says which rows.
    case refuse
    /// It publishes on from the database as it is, after it recorded the loss.
    case goOn = "continue"
}

/// How one relay works on one outbox.
public struct RelayConfiguration: Sendable {
    /// The connection to the database. Must lead to a server that accepts writes.
    public var postgres: PostgresConfiguration
    /// The schema that holds the relay's checkpoint. Default `outbox_relay`.
    public var schema = "outbox_relay"
    /// Shown as the leader in `relay_state`, for example the host's name.
    public var name: String
    /// How long standbys wait for a leader that no longer renews its lease. Default 15 s.
    public var lease: Duration = .seconds(15)
    /// How often a row may arrive in Kafka. Default at least once.
    public var guarantee = DeliveryGuarantee.atLeastOnce
    /// The longest wait for a notification. Default 5 s.
    public var pollCeiling: Duration = .seconds(5)
    /// How often to poll for rows. Set behind a transaction pooler, where LISTEN and session locks do not work. Default
    /// nil: LISTEN.
    public var pollInterval: Duration?
    /// How often to poll for rows where the relay finds a transaction pooler although ``pollInterval`` is nil. Default
    /// 200 ms.
    public var pollIntervalIfPooled: Duration = .milliseconds(200)
    /// How long published rows stay in the outbox; nil: for ever. Default 24 h.
    public var retention: Duration? = .seconds(24 * 3600)
    /// How long a key that was parked because of its topic (missing, not authorized) waits before it is tried again;
    /// nil: until an operator releases it. Default 60 s. A row that Kafka will never take is not tried again.
    public var parkedRetry: Duration? = .seconds(60)
    /// What to do when Kafka has rows that the database lost. Default: refuse to run.
    public var afterDataLoss = DataLossPolicy.refuse
    /// The name of this outbox where a process has several. Default nil.
    public var outbox: String?
    /// Shared by the relays of one process: makes sure that no two have the same outbox. Default nil, for one relay
    /// alone.
    public var claims: OutboxClaims?

    /// - Parameter name: see ``name``.
    public init(postgres: PostgresConfiguration, name: String) {
        self.postgres = postgres
        self.name = name
    }

    /// Behind a transaction pooler nothing may be kept in the session.
    public var usesPooler: Bool { pollInterval != nil }

    /// The same behind a transaction pooler.
    var pooled: RelayConfiguration {
        var result = self
        result.pollInterval = pollInterval ?? pollIntervalIfPooled
        return result
    }

    /// For the connection that listens, reads rows and moves the checkpoint.
    var workConnection: PostgresConfiguration {
        var result = connection("work", [("synchronous_commit", "on"), ("work_mem", "16MB")])
        result.statementDeadline = .seconds(OutboxLimits.shortStatementSeconds)
        return result
    }

    /// For the connection that leads: the session lock, the lease, the sleep lock.
    var leadConnection: PostgresConfiguration {
        var result = connection("lead", [("synchronous_commit", "on")])
        result.statementDeadline = .seconds(OutboxLimits.leadStatementSeconds)
        return result
    }

    private func connection(_ role: String, _ settings: [(String, String)]) -> PostgresConfiguration {
        var result = postgres
        result.applicationName = "outbox-relay \(role)"
        result.readWriteOnly = true
        // With a policy that hides rows the relay's statements fail, instead of losing the rows.
        let settings = settings + [("row_security", "off")]
        if usesPooler {
            result.preparesStatements = false
        } else {
            result.plans = .inIndexOrder
            result.sessionSettings += settings
            // A relay that is asleep is idle for long, and loses its leadership with its session.
            result.outlivesIdleTimeout = true
        }
        return result
    }
}
