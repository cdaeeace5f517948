import Postgres
import Verify

/// Judges a stack that has drained by the audit and by what its clients remember.
struct DrillJudge {
    private(set) var violations: [DrillReport.Invariant: Int] = [:]
    private(set) var findings: [String] = []

    mutating func add(_ invariant: DrillReport.Invariant, _ count: Int, _ text: @autoclosure () throws -> String)
        rethrows
    {
        violations[invariant, default: 0] += count
        if count > 0, findings.count < DrillLimits.violationsTold {
            findings.append("\(invariant.rawValue): \(try text())")
        }
    }

    /// - Parameter onlyStops: whether processes were ended by SIGTERM alone.
    mutating func take(_ audit: AuditReport, delivery: DrillSetup.Delivery, onlyStops: Bool = false) {
        for kind in DifferenceKind.allCases {
            let count = audit.differences[kind.rawValue] ?? 0
            let example = audit.examples.first { $0.kind == kind }
            add(
                Self.invariant(of: kind), count,
                "\(count) × \(kind.rawValue), first \(example?.key ?? example?.eventId ?? "?"): \(example?.text ?? "")")
        }
        let waiting = audit.known.onTheirWay + audit.known.held + audit.known.notProjectedYet
        add(.drained, waiting, "\(waiting) rows or orders are still on their way")
        guard delivery == .exactlyOnce || onlyStops else { return }
        add(.single, audit.known.duplicates, "\(audit.known.duplicates) records repeat an event")
    }

    private static func invariant(of kind: DifferenceKind) -> DrillReport.Invariant {
        switch kind {
        case .recordMissing, .recordExtra, .recordPayload, .recordHeaders: .published
        case .recordOrder: .ordered
        case .rowMissing, .rowExtra, .rowDiffers: .durable
        case .sequenceGap, .eventUnreadable: .gapless
        case .projectionMissing, .projectionExtra, .projectionDiffers, .projectionBehind: .projected
        }
    }

    private static let lost: PostgresStatement = """
        SELECT p.id, p.version, (SELECT count(*) FROM event e WHERE e.aggregate_id = p.id)
        FROM unnest($1::text[], $2::bigint[]) AS p (id, version)
        WHERE (SELECT count(*) FROM event e WHERE e.aggregate_id = p.id) < p.version
        """

    private static let paid: PostgresStatement = """
        SELECT DISTINCT p.aggregate_id FROM event p JOIN event c USING (aggregate_id)
        WHERE c.event_type = 'order_cancelled' AND p.event_type = 'order_paid'
          AND p.sequence_number > c.sequence_number
        """

    private static let stillPaid: PostgresStatement = """
        SELECT id FROM unnest($1::text[]) AS id
        WHERE NOT EXISTS (SELECT FROM event WHERE aggregate_id = id AND event_type = 'order_cancelled')
        """

    mutating func take(_ memory: ClientMemory.Content, _ connection: PostgresConnection) throws {
        var (ids, versions) = (PostgresArray(.text), PostgresArray(.int8))
        for (id, version) in memory.versions {
            ids.append(id)
            versions.append(version)
        }
        let lost = try connection.query(Self.lost, [.array(ids), .array(versions)])
        try add(.durable, lost.count, Self.told(lost, "acknowledged orders lack events"))
        var cancelled = PostgresArray(.text)
        for id in memory.cancelled { cancelled.append(id) }
        let forgotten = try connection.query(Self.stillPaid, [.array(cancelled)])
        try add(.durable, forgotten.count, Self.told(forgotten, "acknowledged cancellations are not there"))
        add(.once, memory.keysWithSeveralOrders, "\(memory.keysWithSeveralOrders) keys got several orders")
        let paid = try connection.query(Self.paid)
        try add(.unpaid, paid.count, Self.told(paid, "cancelled orders were paid"))
    }

    /// What was seen while the drill ran, and when it was at rest.
    mutating func take(_ findings: [WatchJudge.Finding]) {
        for finding in findings { add(finding.invariant, finding.count, finding.text) }
    }

    /// For a drill that leaves the server and Postgres alone.
    mutating func take(worstWait: Double) {
        add(
            .quick, worstWait > DrillLimits.clientWaitSeconds ? 1 : 0,
            "a client waited for \((worstWait * 10).rounded() / 10) s")
    }

    private static func told(_ rows: PostgresResult, _ text: String) throws -> String {
        rows.count == 0 ? "" : "\(rows.count) \(text), first \(try rows.string(0, 0))"
    }
}
