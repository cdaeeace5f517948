import Operations
import Postgres
import Values

/// Reads the rows of the outbox, in any order, into a spill file.
struct OutboxScan {
    let request: AuditRequest
    let start: AuditStart
    let ground: AuditGround
    let spill: SpillFile
    private(set) var count = 0
    private(set) var findings = Findings()
    private var names: RowNames
    private let progress: AuditProgress
    private let recorded = Array(RecordedTopics.aggregateType.utf8)

    init(
        _ request: AuditRequest, _ start: AuditStart, _ ground: AuditGround, _ names: AuditNames,
        _ progress: AuditProgress
    ) throws {
        (self.request, self.start, self.ground, self.progress) = (request, start, ground, progress)
        self.names = RowNames(names)
        spill = try SpillFile(directory: request.directory)
    }

    private enum Column: Int, CaseIterable {
        case outboxID, eventID, aggregateType, aggregateID, sequenceNumber, eventType, createdAt, state, payload
    }

    private var source: String { PostgresConnection.quoteIdentifier(request.schema) + ".source" }

    /// The state is a sum: 1 published, 2 left out when the table was adopted, 4 a copy of a replay.
    private var query: String {
        """
        SELECT outbox_id, event_id, aggregate_type::text, aggregate_id::text, sequence_number::bigint, event_type::text,
               created_at,
               (\(start.isDue))::int + (transaction_id IS NULL)::int * 2
                   + coalesce(headers ? 'outbox_replay', false)::int * 4,
               payload
        FROM \(source) \(request.condition())
        """
    }

    mutating func run(_ connection: PostgresConnection) throws {
        let rows = try PostgresRowStream(connection, columns: Column.allCases.count, query)
        while try rows.next() {
            try take(rows)
            count += 1
            if count.isMultiple(of: VerifyLimits.countsPerReport) { progress.add(VerifyLimits.countsPerReport) }
        }
        try spill.finish()
    }

    private mutating func take(_ row: PostgresRowStream) throws {
        let outboxID = try row.int64(Column.outboxID.rawValue)
        let type = row.bytes(Column.aggregateType.rawValue)
        let numbers = names.numbers(type, row.bytes(Column.eventType.rawValue))
        guard let eventID = UUIDBytes(bytes: row.bytes(Column.eventID.rawValue)) else {
            throw VerifyError("row \(outboxID) of the outbox has no event_id")
        }
        let createdAt = Column.createdAt.rawValue
        let sequence = Column.sequenceNumber.rawValue
        try spill.append(
            AuditEntry(
                key: AuditHash.of(row.bytes(Column.aggregateID.rawValue)), eventID: eventID,
                rank: row.isNull(sequence) ? AuditEntry.noRank : try row.int64(sequence),
                value: value(row), place: outboxID,
                createdAt: row.isNull(createdAt)
                    ? start.takenAt : try row.timestampMicroseconds(createdAt),
                source: UInt32(numbers.topic), type: numbers.type, flags: try flags(row, outboxID, type)))
    }

    private func flags(_ row: PostgresRowStream, _ outboxID: Int64, _ type: UnsafeRawBufferPointer) throws
        -> AuditEntry.Flags
    {
        var flags = ground.decisions.isEmpty ? [] : ground.decisions[outboxID] ?? []
        if !row.isNull(Column.state.rawValue) {
            let state = try row.int32(Column.state.rawValue)
            if state & 1 != 0 { flags.insert(.due) }
            if state & 2 != 0 { flags.insert(.leftOut) }
            if state & 4 != 0 { flags.insert(.replayed) }
        } else {
            // Without a transaction id the condition is neither true nor false.
            flags.insert(.leftOut)
        }
        if !start.held.isEmpty, start.held.contains(outboxID) { flags.insert(.held) }
        if type.elementsEqual(recorded) { flags.insert(.recorded) }
        return flags
    }

    private func value(_ row: PostgresRowStream) -> UInt64 {
        let payload = Column.payload.rawValue
        return row.isNull(payload) ? AuditHash.nothing : AuditHash.of(row.bytes(payload))
    }
}

extension AuditRequest {
    /// SQL: the condition on the rows of the outbox or of the event store; empty without a filter.
    func condition(and more: String? = nil) -> String {
        var parts = more.map { [$0] } ?? []
        let quoted = PostgresConnection.quoteLiteral
        if let since { parts.append("created_at >= \(quoted(since.description))::timestamptz") }
        if let until { parts.append("created_at < \(quoted(until.description))::timestamptz") }
        if let aggregateType { parts.append("aggregate_type = \(quoted(aggregateType))") }
        if let aggregateId { parts.append("aggregate_id = \(quoted(aggregateId))") }
        return parts.isEmpty ? "" : "WHERE " + parts.joined(separator: " AND ")
    }
}
