import Postgres
import Synchronization

/// The statements of a relay, recognised by their text. A statement that is not here fails with its text: who changes
/// the SQL of the relay meets the model, and ``ModelScript`` compares the two.
enum ModelStatement: Sendable {
    // The leading thread's.
    case ownBackend, endBackend, identity, server, storedServer, storeServer, counter
    case lead, leaseIsOver, takeLease, renewLease, endLease, terminate, sleep, wake, raiseEpoch
    // The working thread's.
    case workLock, load, reachStandby, advance(Advance), save, lockCheckpoint
    case floor, late, backlog, heavyBacklog, backlogCount, heartbeat
    case parkedKeys, park, hold, heldCount, askedFor, heldRows, forgetRows, forgetKey, forgetReleased, refuse, retried

    /// The forms of the statement that finishes a cut and takes the next.
    struct Advance: Sendable {
        var seesLate: Bool
        var flushesLater: Bool
        var readsRows: Bool
    }

    static let channel = "outbox_relay"
    static let lockClass: Int32 = 1_869_968_482
    static let leaderLock: Int32 = 1
    static let sleepLock: Int32 = 2
    /// `RelayIdentity.workLock`.
    static let sharedLock: Int32 = 3

    static func run(
        _ sql: String, _ parameters: [PostgresParameter], on session: ModelSession
    ) throws(PostgresError) -> PostgresResult {
        guard let statement = recognised(sql) else { throw ModelSession.unknown(sql) }
        switch statement {
        case .ownBackend, .endBackend, .identity, .server, .storedServer, .storeServer, .counter, .lead, .leaseIsOver,
            .takeLease, .renewLease, .endLease, .terminate, .sleep, .wake, .raiseEpoch, .workLock, .heartbeat:
            return try session.runLead(statement, Arguments(parameters))
        case .load, .reachStandby, .advance, .save, .lockCheckpoint, .floor, .late, .backlog, .heavyBacklog,
            .backlogCount:
            return try session.runCut(statement, Arguments(parameters))
        case .parkedKeys, .park, .hold, .heldCount, .askedFor, .heldRows, .forgetRows, .forgetKey, .forgetReleased,
            .refuse, .retried:
            return try session.runHeld(statement, Arguments(parameters))
        }
    }

    /// A long text is searched once.
    private static let known = Mutex<[String: ModelStatement]>([:])

    private static func recognised(_ sql: String) -> ModelStatement? {
        known.withLock { known in
            if let found = known[sql] { return found }
            let found = ModelStatement(sql)
            known[sql] = found
            return found
        }
    }

    private init?(_ sql: String) {
        if sql.contains("moved AS (") {
            self = .advance(
                Advance(
                    seesLate: sql.contains("= ANY ($6"), flushesLater: sql.contains("pg_current_wal_insert_lsn() <="),
                    readsRows: sql.contains(", chunk AS (")))
            return
        }
        if sql == "SELECT 1" {
            self = .heartbeat
            return
        }
        guard let found = Self.fragments.first(where: { sql.contains($0.0) }) else { return nil }
        self = found.1
    }

    /// The first fragment that a text has decides.
    private static let fragments: [(String, ModelStatement)] = [
        ("pg_terminate_backend(pid, $3)", .endBackend),
        ("count(pg_terminate_backend(pid)) FROM pg_locks", .terminate),
        ("WHERE pid = pg_backend_pid()", .ownBackend),
        ("lock_class, leader_lock, sleep_lock", .identity),
        ("FROM pg_control_system()", .server),
        ("SELECT system_identifier, database_oid, timeline FROM", .storedServer),
        ("relay SET system_identifier", .storeServer),
        ("pg_snapshot_xmax(coalesce(draining, published))", .counter),
        ("pg_try_advisory_lock($1, $2)", .lead),
        ("SELECT last_value <=", .leaseIsOver),
        (", 0) END", .endLease),
        ("SELECT max(epoch)", .renewLease),
        ("SELECT setval(", .takeLease),
        ("pg_advisory_lock_shared($1, $2)", .workLock),
        ("pg_advisory_lock($1, $2)", .sleep),
        ("pg_advisory_unlock($1, $2)", .wake),
        ("SET epoch = epoch + 1", .raiseEpoch),
        ("SELECT twin, ctid::text, epoch", .load),
        ("pg_logical_emit_message", .reachStandby),
        ("SET drained_through = $3", .save),
        ("FOR UPDATE", .lockCheckpoint),
        ("coalesce(min(outbox_id), 0) FROM", .floor),
        ("coalesce(array_agg(x)::text", .late),
        ("WITH sized AS MATERIALIZED", .backlog),
        ("WITH chunk AS (SELECT *, coalesce(octet_length(payload)", .heavyBacklog),
        ("count(*) FILTER", .backlogCount),
        ("SELECT aggregate_type, aggregate_id, retry_at,", .parkedKeys),
        ("WITH parked AS (", .park),
        (".held (outbox_id, aggregate_type", .hold),
        ("SELECT count(*) FROM \"outbox_relay\".held", .heldCount),
        ("release_asked_at IS NULL FROM", .askedFor),
        ("SELECT h.hold_id, h.skipped", .heldRows),
        (".held WHERE aggregate_type = $1", .forgetRows),
        (".parked AS p WHERE", .forgetKey),
        (".held AS h USING", .forgetReleased),
        ("SET release_asked_at = NULL", .refuse),
        ("'tried again by the relay", .retried),
    ]
}
