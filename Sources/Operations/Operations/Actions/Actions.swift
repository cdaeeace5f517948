import Outbox
import Postgres

extension OperatorDesk {
    /// Asks the relay to publish the held rows of one key, or of all keys that match, in order, and wakes it. One
    /// statement: it is done as a whole or not at all, and the relay does the rest, whatever becomes of the caller. For
    /// many thousand keys see ``beginBulk(_:_:rows:reason:)``, which can be followed and stopped.
    ///
    /// - Parameter reason: recorded with a decision for each key.
    /// - Returns: a receipt of no key if none is parked, or all are being released.
    /// - Throws: ``OperatorError`` for an empty reason; `PostgresError`.
    public func release(_ filter: ParkedFilter, reason: String) throws -> Receipt {
        let receipt = try acting(reason) {
            try decided(
                """
                WITH asked AS (
                    UPDATE \(schema).parked AS p SET release_asked_at = transaction_timestamp()
                    WHERE \(ParkedFilter.condition(schema)) AND p.release_asked_at IS NULL
                    RETURNING p.aggregate_type, p.aggregate_id, p.outbox_id
                ), noted AS (\(Self.note(schema, "release", "asked", reason: 2)))
                SELECT count(*), 0::bigint, transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
                """, [filter.parameter(), .text(reason), .text(caller)], "release", reason)
        }
        return receipt.telling("asked the relay to release \(receipt.keys) \(receipt.keys == 1 ? "key" : "keys")")
    }

    /// How far the relay is with a release.
    public func progress(of receipt: Receipt) throws -> ReleaseProgress {
        try progress(asked: receipt.keys, from: receipt.firstDecision, to: receipt.lastDecision, bulk: nil)
    }

    /// - Parameter bulk: only decisions of this bulk action; nil: only those of none.
    func progress(asked: Int, from first: Int64?, to last: Int64?, bulk: Int64?) throws -> ReleaseProgress {
        guard let first, let last else { return ReleaseProgress(asked: 0, waiting: 0, refused: 0, released: 0) }
        let rows = try reading(joinsManyRows: true) {
            try query(
                """
                SELECT count(*) FILTER (WHERE p.release_asked_at IS NOT NULL),
                       count(*) FILTER (WHERE p.release_asked_at IS NULL)
                FROM (SELECT release_asked_at, aggregate_type, aggregate_id FROM \(schema).parked
                      LIMIT \(OperationsLimits.keysFollowed)) AS p
                WHERE (p.aggregate_type, p.aggregate_id) IN (
                    SELECT aggregate_type, aggregate_id FROM \(schema).decision
                    WHERE decision_id BETWEEN $1 AND $2 AND action = 'release'
                      AND (details ->> 'bulk_id')::bigint IS NOT DISTINCT FROM $3)
                """, [.int8(first), .int8(last), .int8(bulk)])
        }
        var row = RowCursor(rows)
        let (waiting, refused) = (try row.int(), try row.int())
        return ReleaseProgress(
            asked: asked, waiting: waiting, refused: refused, released: max(0, asked - waiting - refused))
    }

    /// Marks held rows to be dropped when their keys are released.
    ///
    /// - Throws: ``OperatorError`` for an empty reason, for a row that is not held, and for a key that is being
    ///   released; `PostgresError`.
    public func skip(_ outboxIds: [Int64], reason: String) throws -> Receipt {
        let receipt = try acting(reason) {
            try requireHeld(outboxIds)
            return try decided(
                """
                WITH marked AS (
                    UPDATE \(schema).held SET skipped = true WHERE outbox_id = ANY ($1)
                    RETURNING aggregate_type, aggregate_id, outbox_id
                ), noted AS (\(Self.note(schema, "skip", "marked", reason: 2)))
                SELECT (SELECT count(DISTINCT (aggregate_type, aggregate_id)) FROM marked), count(*),
                       transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
                """, [.array(Self.array(outboxIds)), .text(reason), .text(caller)], "skip", reason)
        }
        let rows = receipt.rows == 1 ? "row \(outboxIds.first ?? 0)" : "\(receipt.rows) rows"
        return receipt.telling("\(rows) will be dropped, unpublished, when the key is released")
    }

    /// Gives a held row another payload or other headers. The outbox keeps the row as it was written; the decision
    /// keeps what was to be published before and after.
    ///
    /// - Parameters:
    ///   - payload: nil leaves it as it is.
    ///   - headers: all headers of the row itself; nil leaves them as they are.
    /// - Throws: ``OperatorError`` as ``skip(_:reason:)``, and if nothing would be changed; `PostgresError`.
    public func edit(
        _ outboxId: Int64, payload: [UInt8]?, headers: [String: String]?, reason: String
    ) throws -> Receipt {
        guard payload != nil || headers != nil else {
            throw OperatorError("nothing would be changed: give a payload or headers")
        }
        let json = try headers.map { try OperatorJSON.object($0) }
        let receipt = try acting(reason) {
            try requireHeld([outboxId])
            return try decided(
                Self.edit(schema),
                [.int8(outboxId), .text(reason), .text(caller), .bytea(payload), .literal(json)], "edit", reason)
        }
        return receipt.telling("row \(outboxId) will be published as edited when its key is released")
    }

    /// $1 row, $2 reason, $3 caller, $4 payload, $5 headers.
    private static func edit(_ schema: String) -> String {
        """
        WITH before AS (
            SELECT h.outbox_id, h.aggregate_type, h.aggregate_id,
                   CASE WHEN h.edited THEN h.payload ELSE s.payload END AS payload,
                   CASE WHEN h.edited THEN h.headers ELSE s.headers END AS headers
            FROM \(schema).held AS h JOIN \(schema).source AS s USING (outbox_id) WHERE h.outbox_id = $1
        ), changed AS (
            UPDATE \(schema).held AS h
            SET edited = true, payload = coalesce($4, b.payload), headers = coalesce($5::jsonb, b.headers)
            FROM before AS b WHERE h.outbox_id = b.outbox_id
            RETURNING b.*, h.payload AS new_payload, h.headers AS new_headers
        ), noted AS (
            INSERT INTO \(schema).decision
                (decided_at, action, aggregate_type, aggregate_id, outbox_id, reason, caller, details)
            SELECT transaction_timestamp(), 'edit', aggregate_type, aggregate_id, outbox_id, $2, $3,
                   jsonb_build_object(
                       'before', jsonb_build_object('payload', encode(payload, 'base64'), 'headers', headers),
                       'after', jsonb_build_object('payload', encode(new_payload, 'base64'), 'headers', new_headers))
            FROM changed RETURNING decision_id
        )
        SELECT count(*), count(*), transaction_timestamp(), min(decision_id), max(decision_id) FROM noted
        """
    }

    // MARK: Statements

    /// Inserts a decision for each row of `table`; `$reason` and the parameter behind it are reason and caller.
    private static func note(_ schema: String, _ action: String, _ table: String, reason: Int) -> String {
        """
        INSERT INTO \(schema).decision (decided_at, action, aggregate_type, aggregate_id, outbox_id, reason, caller)
        SELECT transaction_timestamp(), '\(action)', aggregate_type, aggregate_id, outbox_id, $\(reason), $\(reason + 1)
        FROM \(table) RETURNING decision_id
        """
    }

    /// A statement that answers keys, rows, time, first and last decision.
    func decided(
        _ sql: String, _ parameters: [PostgresParameter], _ action: String, _ reason: String
    ) throws -> Receipt {
        var row = RowCursor(try query(sql, parameters))
        let (keys, rows) = (try row.int(), try row.int())
        return Receipt(
            action: action, summary: "", at: try row.moment(), caller: caller, reason: reason,
            firstDecision: try row.optionalInt64(), lastDecision: try row.optionalInt64(), keys: keys, rows: rows)
    }

    /// One transaction with a time limit, which wakes the relay at its end.
    func acting(_ reason: String, _ body: () throws -> Receipt) throws -> Receipt {
        guard reason.contains(where: { !$0.isWhitespace }) else {
            throw OperatorError("a reason is needed; it is recorded")
        }
        do {
            return try connection.within(.milliseconds(2 * OperationsLimits.actionMilliseconds)) {
                try connection.transaction {
                    try connection.execute(
                        """
                        SET LOCAL statement_timeout = \(OperationsLimits.actionMilliseconds);
                        SET LOCAL lock_timeout = \(OperationsLimits.lockMilliseconds)
                        """)
                    let receipt = try body()
                    _ = try query("SELECT pg_notify(channel, '') FROM \(schema).relay")
                    return receipt
                }
            }
        } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
            throw OperatorError(
                "another session has held a lock for \(OperationsLimits.lockMilliseconds / 1_000) s, and nothing was "
                    + "changed: look at pg_locks, or try again")
        }
    }

    /// The relay may be publishing rows of a key that is being released: it is too late to change them.
    private func requireHeld(_ outboxIds: [Int64]) throws {
        guard !outboxIds.isEmpty else { throw OperatorError("no row is named") }
        let rows = try query(
            """
            SELECT wanted.id, h.outbox_id IS NOT NULL, p.release_asked_at IS NOT NULL
            FROM unnest($1::bigint[]) AS wanted (id)
            LEFT JOIN \(schema).held AS h ON h.outbox_id = wanted.id
            LEFT JOIN \(schema).parked AS p USING (aggregate_type, aggregate_id)
            WHERE h.outbox_id IS NULL OR p.release_asked_at IS NOT NULL ORDER BY wanted.id LIMIT 1
            """, [.array(Self.array(outboxIds))])
        guard rows.count > 0 else { return }
        var row = RowCursor(rows)
        let (id, isHeld) = (try row.int64(), try row.bool())
        throw OperatorError(
            isHeld
                ? "row \(id) belongs to a key that is being released; wait for the outcome"
                : "row \(id) is not held; only rows of parked keys can be changed")
    }

    static func array(_ ids: some Collection<Int64>) -> PostgresArray {
        var array = PostgresArray(.int8, reserving: ids.count)
        for id in ids { array.append(id) }
        return array
    }
}

extension Receipt {
    func telling(_ summary: String) -> Receipt {
        var result = self
        result.summary = summary
        return result
    }
}
