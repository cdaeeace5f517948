import EventStore
import Operations
import Orders
import Postgres
import Values

/// Reads the event store order by order, into a spill file; beside it the read model in the same order, so that each
/// row meets the fold of its events.
struct EventScan {
    let request: AuditRequest
    let spill: SpillFile
    private(set) var count = 0
    private(set) var projections = 0
    private(set) var findings = Findings()
    private var names: RowNames
    private let progress: AuditProgress
    private var order = OrderFold()

    init(_ request: AuditRequest, _ names: AuditNames, _ progress: AuditProgress) throws {
        (self.request, self.progress) = (request, progress)
        self.names = RowNames(names)
        spill = try SpillFile(directory: request.directory)
    }

    private enum Column: Int {
        case aggregateID, sequenceNumber, eventID, aggregateType, eventType, createdAt, length, payload
    }

    /// With a limit of time, all events of the orders that have an event in it: a fold begins with the first event.
    private var query: String {
        let length = VerifyLimits.payloadBytesInFetch
        let meant =
            request.since == nil && request.until == nil
            ? request.condition()
            : "WHERE aggregate_id IN (SELECT aggregate_id FROM event \(request.condition()))"
        return """
            SELECT aggregate_id, sequence_number, event_id, aggregate_type, event_type, created_at,
                   octet_length(event_data), CASE WHEN octet_length(event_data) <= \(length) THEN event_data END
            FROM event \(meant) ORDER BY aggregate_id, sequence_number
            """
    }

    /// - Parameters:
    ///   - connection: for the events.
    ///   - model: for the read model; nil where there is none.
    mutating func run(_ connection: PostgresConnection, _ model: PostgresConnection?) throws {
        var projection = try model.map { try ProjectionStream($0, request) }
        let rows = try RowStream(connection, query)
        while try rows.next() {
            let id = rows.bytes(Column.aggregateID.rawValue)
            if order.id.isEmpty || !id.elementsEqual(order.id) {
                try finishOrder(&projection)
                try startOrder(id, &projection)
            }
            try take(rows, connection, projection)
            count += 1
            if count.isMultiple(of: VerifyLimits.countsPerReport) { progress.add(VerifyLimits.countsPerReport) }
        }
        try finishOrder(&projection)
        while projection?.isAtRow == true { try passExtra(&projection) }
        try spill.finish()
    }

    // MARK: Orders

    private mutating func startOrder(_ id: UnsafeRawBufferPointer, _ projection: inout ProjectionStream?) throws {
        order.start(id)
        guard projection != nil else { return }
        while let stream = projection, stream.isAtRow, stream.id.isBefore(id) { try passExtra(&projection) }
        guard let stream = projection, stream.isAtRow, stream.id.elementsEqual(id) else { return }
        order.projectedVersion = try stream.lastSequenceNumber()
    }

    /// Goes past a row of the read model without events. With a filter the events were not read.
    private mutating func passExtra(_ projection: inout ProjectionStream?) throws {
        guard let stream = projection else { return }
        if !request.hasFilter {
            projections += 1
            let key = "order/\(String(decoding: stream.id, as: UTF8.self))"
            findings.add(.projectionExtra) {
                Difference(kind: .projectionExtra, key: key, text: "the read model has an order without events")
            }
        }
        _ = try stream.next()
    }

    private mutating func finishOrder(_ projection: inout ProjectionStream?) throws {
        guard !order.id.isEmpty, let stream = projection, let version = order.projectedVersion else { return }
        projections += 1
        if version > order.last, !order.hasGap {
            addProjection("contains event \(version), and the last event is \(order.last)")
        }
        _ = try stream.next()
    }

    private mutating func addProjection(_ text: String) {
        let (key, version) = (order.key, order.projectedVersion)
        findings.add(.projectionDiffers) {
            Difference(
                kind: .projectionDiffers, key: key, sequenceNumber: version, text: "the row of the read model \(text)")
        }
    }

    // MARK: Events

    private mutating func take(_ row: RowStream, _ connection: PostgresConnection, _ projection: ProjectionStream?)
        throws
    {
        let sequence = try row.int64(Column.sequenceNumber.rawValue)
        guard let eventID = UUIDBytes(bytes: row.bytes(Column.eventID.rawValue)) else {
            throw VerifyError("an event has no event_id")
        }
        if sequence != order.last + 1, !order.hasGap {
            order.hasGap = true
            let (key, last) = (order.key, order.last)
            findings.add(.sequenceGap) {
                Difference(
                    kind: .sequenceGap, key: key, eventId: eventID.description, sequenceNumber: sequence,
                    text: "event \(sequence) follows \(last < 0 ? "no event" : "event \(last)")")
            }
        }
        let createdAt = try row.rows.timestampMicroseconds(row.row, Column.createdAt.rawValue)
        let payload = try Payload(row, Column.payload.rawValue) {
            try connection.query(
                "SELECT event_data FROM event WHERE aggregate_id = $1 AND sequence_number = $2",
                [.text(row.text(Column.aggregateID.rawValue)), .int8(sequence)])
        }
        try fold(row, sequence, createdAt, payload, projection)
        order.last = sequence
        guard !request.hasFilter || request.covers(createdAt) else { return }
        let numbers = names.numbers(row.bytes(Column.aggregateType.rawValue), row.bytes(Column.eventType.rawValue))
        try spill.append(
            AuditEntry(
                key: AuditHash.of(row.bytes(Column.aggregateID.rawValue)), eventID: eventID, rank: sequence,
                value: payload.hash, place: 0, createdAt: createdAt, source: UInt32(numbers.topic),
                type: numbers.type, flags: flags(sequence, projection)))
    }

    private func flags(_ sequence: Int64, _ projection: ProjectionStream?) -> AuditEntry.Flags {
        guard projection != nil else { return .recorded }
        guard let version = order.projectedVersion else {
            return sequence == 0 ? [.recorded, .unprojected, .withoutProjection] : .recorded
        }
        return sequence == version + 1 ? [.recorded, .unprojected] : .recorded
    }

    /// Folds the events up to the version of the read model's row, and compares the two.
    private mutating func fold(
        _ row: RowStream, _ sequence: Int64, _ createdAt: Int64, _ payload: Payload, _ projection: ProjectionStream?
    ) throws {
        guard let projection, let version = order.projectedVersion, sequence <= version, !order.isUnreadable else {
            return
        }
        do {
            order.state = evolve(order.state, try EventCodec.decode(row.text(Column.eventType.rawValue), payload.bytes))
        } catch {
            order.isUnreadable = true
            let key = order.key
            findings.add(.eventUnreadable) {
                Difference(kind: .eventUnreadable, key: key, sequenceNumber: sequence, text: "\(error)")
            }
            return
        }
        if sequence == 0 { order.firstAt = createdAt }
        guard sequence == version else { return }
        let wrong = try projection.differences(from: order.state, createdAt: order.firstAt, updatedAt: createdAt)
        if !wrong.isEmpty { addProjection("has another \(wrong.joined(separator: ", ")) than the events say") }
    }
}

/// The order that is being read.
private struct OrderFold {
    var id: [UInt8] = []
    /// The last sequence number.
    var last: Int64 = -1
    var state: OrderState?
    var firstAt: Int64 = 0
    var projectedVersion: Int64?
    var hasGap = false
    var isUnreadable = false

    var key: String { "order/\(String(decoding: id, as: UTF8.self))" }

    mutating func start(_ id: UnsafeRawBufferPointer) {
        self.id.removeAll(keepingCapacity: true)
        self.id.append(contentsOf: id)
        (last, state, firstAt, projectedVersion, hasGap, isUnreadable) = (-1, nil, 0, nil, false, false)
    }
}

/// The payload of an event: in the fetched rows, or read by itself because it is long.
private struct Payload {
    private let rows: PostgresResult
    private let row: Int
    private let column: Int

    init(_ stream: RowStream, _ column: Int, _ long: () throws -> PostgresResult) throws {
        if stream.isNull(column) {
            (rows, row, self.column) = (try long(), 0, 0)
        } else {
            (rows, row, self.column) = (stream.rows, stream.row, column)
        }
    }

    var hash: UInt64 { AuditHash.of(rows.unsafeBytes(row, column)) }
    var bytes: [UInt8] { Array(rows.unsafeBytes(row, column)) }
}
