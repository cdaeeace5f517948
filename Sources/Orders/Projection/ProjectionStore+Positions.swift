import Postgres

/// How far one partition is applied under one claim.
struct Position: Hashable, Sendable {
    let partition: Int32
    let claim: Int64
    /// The first offset that is not applied.
    let nextOffset: Int64
}

/// One of the two tables that positions are appended to.
enum PositionTable: Int, CaseIterable, Sendable {
    case first = 0
    case second = 1

    var other: PositionTable { self == .first ? .second : .first }
    fileprivate var name: String { "order_projection_offset_\(rawValue)" }
}

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
        try connection.query(Self.appends[table.rawValue], parameters(positions))
    }

    /// Holds the claims in force until the end of the transaction.
    ///
    /// - Throws: ``ProjectionError/Code/stale`` when one of them is not.
    func holdClaims(_ positions: [Position]) throws {
        let held = try connection.query(Self.fence, Array(parameters(positions).dropLast()))
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

    /// Empties `table` after copying the newest positions to the other one; truncation leaves no dead rows, whatever
    /// transactions are held open. Returns false, and changes nothing, while somebody reads the table for long.
    ///
    /// The other members may be appending to either table: they are waited for, and their rows are copied or stay.
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
