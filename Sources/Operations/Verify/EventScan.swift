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
    private var kinds = EventKinds()

    init(_ request: AuditRequest, _ names: AuditNames, _ progress: AuditProgress) throws {
        (self.request, self.progress) = (request, progress)
        self.names = RowNames(names)
        spill = try SpillFile(directory: request.directory)
    }

    private enum Column: Int, CaseIterable {
        case aggregateID, sequenceNumber, eventID, aggregateType, eventType, createdAt, payload
    }

    /// With a limit of time, all events of the orders that have an event in it: a fold begins with the first event.
    private var query: String {
        let meant =
            request.since == nil && request.until == nil
            ? request.condition()
            : "WHERE aggregate_id IN (SELECT aggregate_id FROM event \(request.condition()))"
        return """
            SELECT aggregate_id, sequence_number, event_id, aggregate_type, event_type, created_at, event_data
            FROM event \(meant) ORDER BY aggregate_id, sequence_number
            """
    }

    /// - Parameters:
    ///   - connection: for the events.
    ///   - model: for the read model; nil where there is none.
    mutating func run(_ connection: PostgresConnection, _ model: PostgresConnection?) throws {
        var projection = try model.map { try ProjectionStream($0, request) }
        let rows = try PostgresRowStream(connection, columns: Column.allCases.count, query)
        while try rows.next() {
            let id = rows.bytes(Column.aggregateID.rawValue)
            if order.id.isEmpty || !id.elementsEqual(order.id) {
                try finishOrder(&projection)
                try startOrder(id, &projection)
            }
            try take(rows, projection)
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

    private mutating func take(_ row: PostgresRowStream, _ projection: ProjectionStream?) throws {
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
        let createdAt = try row.timestampMicroseconds(Column.createdAt.rawValue)
        let payload = row.bytes(Column.payload.rawValue)
        let numbers = names.numbers(row.bytes(Column.aggregateType.rawValue), row.bytes(Column.eventType.rawValue))
        try fold(row, numbers.type, sequence, createdAt, payload, projection)
        order.last = sequence
        guard !request.hasFilter || request.covers(createdAt) else { return }
        try spill.append(
            AuditEntry(
                key: AuditHash.of(row.bytes(Column.aggregateID.rawValue)), eventID: eventID, rank: sequence,
                value: AuditHash.of(payload), place: 0, createdAt: createdAt, source: UInt32(numbers.topic),
                type: numbers.type, flags: flags(sequence, projection)))
    }

    private func flags(_ sequence: Int64, _ projection: ProjectionStream?) -> AuditEntry.Flags {
        guard projection != nil else { return .recorded }
        guard let version = order.projectedVersion else {
            return sequence == 0 ? [.recorded, .unprojected, .withoutProjection] : .recorded
        }
        return sequence == version + 1 ? [.recorded, .unprojected] : .recorded
    }

    private mutating func event(_ row: PostgresRowStream, _ type: UInt16, _ payload: UnsafeRawBufferPointer) throws
        -> OrderEvent
    {
        let name = row.bytes(Column.eventType.rawValue)
        if let type = kinds.kind(type, name), let event = OrderEventReader.read(type, payload) { return event }
        return try EventCodec.decode(String(decoding: name, as: UTF8.self), Array(payload))
    }

    /// Folds the events up to the version of the read model's row, and compares the two.
    private mutating func fold(
        _ row: PostgresRowStream, _ type: UInt16, _ sequence: Int64, _ createdAt: Int64,
        _ payload: UnsafeRawBufferPointer, _ projection: ProjectionStream?
    ) throws {
        guard let projection, let version = order.projectedVersion, sequence <= version, !order.isUnreadable else {
            return
        }
        do {
            order.state = evolve(order.state, try event(row, type, payload))
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

/// The event types by their numbers in an audit.
private struct EventKinds {
    private var known: [EventType?] = []

    /// The type of a name; nil if the event store has none of it.
    mutating func kind(_ number: UInt16, _ name: UnsafeRawBufferPointer) -> EventType? {
        // Names beyond the limit share a number.
        guard number != AuditNames.unknown else { return EventType(utf8: name) }
        while known.count <= Int(number) { known.append(nil) }
        if let kind = known[Int(number)] { return kind }
        known[Int(number)] = EventType(utf8: name)
        return known[Int(number)]
    }
}
