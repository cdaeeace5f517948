import Postgres

// How far the projection has come in Kafka: claims fence members off, positions are appended under a claim.

// MARK: - Claims

extension ProjectionStore {
    private enum PositionColumn: Int { case partition, nextOffset }

    private static let selectPositions: PostgresStatement = """
        SELECT partition, next_offset FROM order_projection_offset
        WHERE topic = $1 AND partition = ANY($2) AND cluster_id = $3 AND next_offset IS NOT NULL
        """
    private static let lockClaims: PostgresStatement = """
        SELECT partition FROM order_projection_claim WHERE topic = $1 AND partition = ANY($2)
        ORDER BY partition FOR UPDATE
        """
    private static let nextNumber: PostgresStatement = "SELECT nextval('order_projection_claim_number')"
    private static let writeClaims: PostgresStatement = """
        INSERT INTO order_projection_claim AS c (topic, partition, claim, cluster_id, member)
        SELECT $1, partition, $3, $4, $5 FROM unnest($2) partition ORDER BY partition
        ON CONFLICT (topic, partition) DO UPDATE
        SET claim = excluded.claim, cluster_id = excluded.cluster_id, member = excluded.member,
            claimed_at = excluded.claimed_at
        """
    private static let requestHealing: PostgresStatement = """
        INSERT INTO order_projection_healing AS h (reason) VALUES ($1)
        ON CONFLICT (singleton) DO UPDATE
        SET reason = excluded.reason, done_through = '', requested_at = excluded.requested_at
        """

    /// The positions that still mean something: of partitions that were once claimed in this cluster.
    func knownPositions(of partitions: [Int32], clusterID: String) throws -> [Int32: Int64] {
        let rows = try connection.query(
            Self.selectPositions, [.text(topic), .array(PostgresArray(partitions)), .text(clusterID)])
        var positions: [Int32: Int64] = [:]
        for row in 0..<rows.count {
            let partition = try rows.int32(row, PositionColumn.partition.rawValue)
            positions[partition] = try rows.int64(row, PositionColumn.nextOffset.rawValue)
        }
        return positions
    }

    /// Takes the partitions over. A batch of an earlier claim that is not committed yet will fail; a committed batch
    /// counts.
    ///
    /// A partition in `restarts` starts there, even if a position was known. Since that may skip messages, the same
    /// transaction asks for the healing walk.
    ///
    /// - Parameter restarts: offsets read from the broker **before** this call: what is committed to the event store
    ///   later is at or behind them, what was committed earlier is seen by the walk.
    /// - Throws: ``ProjectionError/Code/raced``.
    func claim(
        _ partitions: [Int32], clusterID: String, restarts: [Int32: Int64], reason: String
    ) throws -> Claim {
        try connection.transaction {
            _ = try connection.query(Self.lockClaims, [.text(topic), .array(PostgresArray(partitions))])
            let known = try knownPositions(of: partitions, clusterID: clusterID)
            var positions: [Int32: Int64] = [:]
            for partition in partitions {
                guard let position = restarts[partition] ?? known[partition] else {
                    throw ProjectionError(.raced, "partition \(partition) lost its position while it was being claimed")
                }
                positions[partition] = position
            }
            let number = try connection.query(Self.nextNumber).int64(0, 0)
            try connection.query(
                Self.writeClaims,
                [.text(topic), .array(PostgresArray(partitions)), .int8(number), .text(clusterID), .text(member)])
            try appendPositions(
                positions.map { Position(partition: $0.key, claim: number, nextOffset: $0.value) }, to: .first)
            if !restarts.isEmpty { try connection.query(Self.requestHealing, [.text(reason)]) }
            return Claim(number: number, positions: positions)
        }
    }
}

// MARK: - Positions

extension ProjectionStore {
    private static let appends: [PostgresStatement] = PositionTable.allCases.map {
        PostgresStatement(
            """
            INSERT INTO \($0.name) (topic, partition, claim, next_offset)
            SELECT $1, * FROM unnest($2::int4[], $3::int8[], $4::int8[])
            """)
    }
    private static let fence: PostgresStatement = """
        SELECT c.partition FROM unnest($2::int4[], $3::int8[]) w(partition, claim)
        JOIN order_projection_claim c ON c.topic = $1 AND c.partition = w.partition AND c.claim = w.claim
        FOR SHARE OF c
        """

    func appendPositions(_ positions: [Position], to table: PositionTable) throws {
        _ = try connection.pipeline([appending(positions, to: table)])
    }

    func appending(_ positions: [Position], to table: PositionTable) -> PostgresQuery {
        PostgresQuery(Self.appends[table.rawValue], parameters(positions))
    }

    /// Holds the claims in force until the end of the transaction, see ``requireHeld(_:_:)``.
    func holding(_ positions: [Position]) -> PostgresQuery {
        PostgresQuery(Self.fence, Array(parameters(positions).dropLast()))
    }

    /// - Parameter held: the answer to ``holding(_:)``.
    /// - Throws: ``ProjectionError/Code/stale`` when one of the claims is not in force.
    func requireHeld(_ held: PostgresResult, _ positions: [Position]) throws {
        guard held.count == positions.count else {
            throw ProjectionError(
                .stale, "another member claimed \(positions.count - held.count) of \(positions.count) partitions")
        }
    }

    private func parameters(_ positions: [Position]) -> [PostgresParameter] {
        var claims = PostgresArray(.int8, reserving: positions.count)
        var offsets = PostgresArray(.int8, reserving: positions.count)
        for position in positions {
            claims.append(position.claim)
            offsets.append(position.nextOffset)
        }
        return [.text(topic), .array(PostgresArray(positions.map(\.partition))), .array(claims), .array(offsets)]
    }

    /// Empties `table` after copying the newest positions to the other one. Truncation leaves no dead rows, whatever
    /// transactions are held open.
    ///
    /// Other members may append to either table: they are waited for, and their rows are copied or stay.
    ///
    /// - Returns: false, and changes nothing, while another session reads the table for longer than
    ///   ``ProjectionLimits/rotationLockTimeoutMilliseconds``.
    func rotate(_ table: PositionTable) throws -> Bool {
        do {
            try connection.transaction {
                try connection.execute(
                    """
                    SET LOCAL lock_timeout = \(ProjectionLimits.rotationLockTimeoutMilliseconds);
                    LOCK TABLE \(table.name) IN ACCESS EXCLUSIVE MODE;
                    INSERT INTO \(table.other.name)
                    SELECT o.topic, o.partition, o.claim, max(o.next_offset)
                    FROM \(table.name) o JOIN order_projection_claim c USING (topic, partition, claim)
                    GROUP BY o.topic, o.partition, o.claim;
                    TRUNCATE \(table.name);
                    """)
            }
            return true
        } catch let error as PostgresError where error.sqlState == SQLState.lockNotAvailable {
            return false
        }
    }
}
