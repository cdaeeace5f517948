import Postgres
import Sabotage

/// The connection that holds leadership: the session lock, the lease and, while the relay sleeps, the sleep lock.
final class LeadConnection {
    let connection: PostgresConnection
    /// nil behind a transaction pooler.
    let backend: PostgresBackend?
    private let identity: RelayIdentity
    private let statements: LeadStatements
    private let checkpoints: CheckpointStatements
    private let configuration: RelayConfiguration
    private let leaseMicroseconds: Int64
    private let factory: (any PublisherFactory)?
    private(set) var epoch: Int64 = 0
    /// The server that it is connected to.
    let server: ServerIdentity
    /// What was decided about a new timeline, or about a checkpoint that is older than Kafka's record; nil without one.
    private(set) var promotion: Promotion.Outcome?

    /// Connects, and reads nothing that a leader which was stopped in the middle of a transaction could have locked.
    ///
    /// - Parameter factory: tells what Kafka has when the database was promoted. Without it nothing is compared.
    init(_ configuration: RelayConfiguration, factory: (any PublisherFactory)? = nil) throws {
        self.configuration = configuration
        self.factory = factory
        connection = try PostgresConnection(configuration.leadConnection)
        backend = configuration.usesPooler ? nil : try PostgresBackend.own(connection)
        identity = try RelayIdentity.read(connection, schema: configuration.schema)
        server = try ServerIdentity.current(connection)
        if let claims = configuration.claims {
            try claims.claim(server, schema: configuration.schema, for: configuration.outbox ?? "")
        }
        statements = LeadStatements(schema: configuration.schema)
        checkpoints = CheckpointStatements(schema: configuration.schema)
        leaseMicroseconds = max(0, Int64(configuration.lease / .microseconds(1)))
    }

    /// Tries to lead; never waits for a lock, because a waiter holds back vacuum.
    ///
    /// - Throws: ``OutboxError`` with code `foreign` when the checkpoint does not belong to this server, with code
    ///   `dataLoss` when this server is behind Kafka.
    func tryToLead() throws -> Bool {
        guard try configuration.usesPooler ? takeLapsedLease() : takeLock() else { return false }
        if let earlier = try ServerIdentity.verify(connection, schema: configuration.schema, server) {
            try extendLease()
            promotion = try promoting().accept(server, because: "timeline \(earlier) became \(server.timeline)")
        }
        try FailPoint.relayInTakeover.reached()
        try raiseEpoch()
        try FailPoint.relayAfterTakeover.reached()
        return true
    }

    /// The newest cut that the database knows.
    func knownCut() throws -> Int64 { try CheckpointStore.Stored.load(connection, checkpoints).checkpoint.cut }

    /// Begins another epoch of the same leader: what the working thread does from here on in the former one is fenced.
    func beginAgain() throws {
        try extendLease()
        try raiseEpoch()
    }

    /// Decides about a record of the same timeline that is ahead of the checkpoint. A crash of Postgres may forget cuts
    /// and loses no row of them; a copy of the server's files from an earlier time lost rows as well.
    ///
    /// - Throws: as ``tryToLead()``.
    func decide(_ record: AheadRecord) throws {
        promotion = try promoting().judge(record.found, after: record.known, server, because: record.description)
    }

    /// Reading Kafka takes time, in which the lease may not end.
    func extendLease() throws {
        let reading = Int64(OutboxLimits.publishedRowsMilliseconds + OutboxLimits.recordCallMilliseconds) * 1_000
        try connection.query(statements.takeLease, [.int8(leaseMicroseconds + reading)])
    }

    private func promoting() -> Promotion {
        Promotion(
            connection: connection, schema: configuration.schema, guarantee: configuration.guarantee,
            policy: configuration.afterDataLoss, factory: factory)
    }

    /// Cancels the statement that another session of this relay runs.
    func cancel(_ backend: Int32) throws { try connection.query(statements.cancel, [.int4(backend)]) }

    /// A leader that was stopped keeps its session lock; once its lease is over, its backend is ended.
    private func takeLock() throws -> Bool {
        let lock: [PostgresParameter] = [
            .int4(identity.lockClass), .int4(identity.leaderLock), .int8(leaseMicroseconds),
        ]
        if try connection.query(statements.lead, lock).bool(0, 0) {
            try terminateHolders(of: identity.sleepLock)
            try terminateHolders(of: identity.workLock, "ShareLock")
            return true
        }
        guard try connection.query(statements.leaseIsOver).bool(0, 0) else { return false }
        try terminateHolders(of: identity.leaderLock)
        return false
    }

    private func takeLapsedLease() throws -> Bool {
        guard try connection.query(statements.leaseIsOver).bool(0, 0) else { return false }
        try connection.query(statements.takeLease, [.int8(leaseMicroseconds)])
        return true
    }

    /// Ends the sessions that an earlier leader left behind. Only the mode that leaders use: writers share the sleep
    /// lock.
    private func terminateHolders(of lock: Int32, _ mode: String = "ExclusiveLock") throws {
        try connection.query(statements.terminate, [.int8(Int64(identity.lockClass)), .int8(Int64(lock)), .text(mode)])
    }

    /// From here on no leader of an older epoch moves the checkpoint. Of two that try at once, one changes the row.
    private func raiseEpoch() throws {
        let stored = try CheckpointStore.Stored.load(connection, checkpoints)
        let raised = try connection.query(
            checkpoints.raiseEpoch[stored.twin], [.int8(stored.checkpoint.epoch), .text(configuration.name)])
        guard raised.affectedRows == 1 else { throw CheckpointStore.fenced }
        epoch = stored.checkpoint.epoch + CheckpointStatements.epochStep
    }

    /// Returns who has the relay paused, and why; nil if it is not.
    ///
    /// - Throws: ``OutboxError`` with code `fenced` when a newer epoch has begun.
    @discardableResult
    func renewLease() throws -> String? {
        let renewed = try connection.query(statements.renew, [.int8(epoch), .int8(leaseMicroseconds)])
        guard try renewed.bool(0, 0) else { throw CheckpointStore.fenced }
        return renewed.optionalString(0, 1)
    }

    /// The session that holds the leader's lock. Behind a pooler, where no session does, the name of the leader that
    /// took the lease. Never waits.
    func whoLeads() throws -> String? {
        if configuration.usesPooler { return try holder() }
        return try connection.query(
            statements.leader, [.int8(Int64(identity.lockClass)), .int8(Int64(identity.leaderLock))]
        ).optionalString(0, 0)
    }

    /// nil also if a leader that was stopped has the checkpoint locked.
    private func holder() throws -> String? {
        do {
            return try connection.transaction {
                try connection.execute("SET LOCAL lock_timeout = \(OutboxLimits.sleepLockTryMilliseconds)")
                return try connection.query(statements.holder).optionalString(0, 0)
            }
        } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
            return nil
        }
    }

    /// The sessions that another one waits for; nil if it waits for none.
    func whoBlocks(_ backend: Int32) throws -> String? {
        try connection.query(statements.blockers, [.int4(backend)]).optionalString(0, 0)
    }

    /// Waits a short while for the sleep lock; the request alone makes later writers notify.
    func requestSleepLock() throws -> Bool {
        try connection.execute("SET lock_timeout = \(OutboxLimits.sleepLockTryMilliseconds)")
        do {
            try connection.query(statements.sleep, [.int4(identity.lockClass), .int4(identity.sleepLock)])
            return true
        } catch {
            guard error.sqlState == SQLState.lockNotAvailable else { throw error }
            return false
        }
    }

    func releaseSleepLock() throws {
        try connection.query(statements.wake, [.int4(identity.lockClass), .int4(identity.sleepLock)])
    }

    /// Gives leadership up so that a standby need not wait for the lease.
    func resign() {
        _ = try? connection.query(statements.endLease, [.int8(epoch)])
        connection.close()
    }
}
