import Postgres

/// The right to apply some partitions, and where each goes on.
struct Claim: Hashable, Sendable {
    /// A fencing token: of two claims of one partition the higher one is in force.
    let number: Int64
    /// For each partition the first offset that is not applied.
    let positions: [Int32: Int64]
}

extension ProjectionStore {
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
        SET claim = excluded.claim, cluster_id = excluded.cluster_id, member = excluded.member, claimed_at = excluded.claimed_at
        """
    private static let requestHealing: PostgresStatement = """
        INSERT INTO order_projection_healing AS h (reason) VALUES ($1)
        ON CONFLICT (singleton) DO UPDATE
        SET reason = excluded.reason, done_through = '', requested_at = excluded.requested_at
        """

    /// The positions that still mean something: of partitions once claimed in this cluster.
    func knownPositions(of partitions: [Int32], clusterID: String) throws -> [Int32: Int64] {
        let rows = try connection.query(
            Self.selectPositions, [.text(topic), .array(PostgresArray(partitions)), .text(clusterID)])
        var positions: [Int32: Int64] = [:]
        for row in 0..<rows.count { positions[try rows.int32(row, 0)] = try rows.int64(row, 1) }
        return positions
    }

    /// Takes the partitions over. Batches of an earlier claim that are not committed yet will fail; those that are
    /// count.
    ///
    /// A partition in `restarts` starts there, whatever was known; since nobody knows what that skips, the same
    /// transaction asks for the healing walk.
    ///
    /// - Parameter restarts: offsets read from the broker **before** this call: what is committed to the event store
    ///   later is at or behind them, what was committed earlier is seen by the walk.
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
