import EventStore
public import Kafka
import Orders
public import Postgres
import Values

/// Reads a ``PipelineHistory`` from a database and a Kafka cluster. Blocks: use a thread of its own.
public struct PipelineReader {
    private let database: PostgresConfiguration
    private let kafka: KafkaConfiguration
    private let topicPrefix: String
    private let limit: Duration

    /// - Parameter limit: the time limit for reading each topic.
    public init(
        database: PostgresConfiguration, kafka: KafkaConfiguration, topicPrefix: String = "outbox.event.",
        limit: Duration = .seconds(60)
    ) {
        self.database = database
        self.kafka = kafka
        self.topicPrefix = topicPrefix
        self.limit = limit
    }

    /// Reads all tables and topics, one after the other.
    public func read() throws -> PipelineHistory {
        let connection = try PostgresConnection(database)
        var history = PipelineHistory()
        history.topicPrefix = topicPrefix
        history.events = try events(connection)
        history.outbox = try outbox(connection)
        history.projection = try projection(connection)
        for type in Set(history.outbox.map(\.aggregateType)).sorted() {
            history.records += try records(topic: topicPrefix + type.text)
        }
        return history
    }

    private static let selectEvents: PostgresStatement =
        "SELECT event_id, aggregate_id, sequence_number, event_type, event_data FROM event"

    private enum EventColumn: Int { case eventID, aggregateID, sequenceNumber, type, data }

    private func events(_ connection: PostgresConnection) throws -> [RecordedEvent] {
        let rows = try connection.query(Self.selectEvents)
        return try (0..<rows.count).map { row in
            RecordedEvent(
                eventID: try rows.uuid(row, EventColumn.eventID.rawValue).description,
                aggregateID: try rows.string(row, EventColumn.aggregateID.rawValue),
                sequenceNumber: try rows.int64(row, EventColumn.sequenceNumber.rawValue),
                event: try EventCodec.decode(
                    try rows.string(row, EventColumn.type.rawValue), try rows.bytes(row, EventColumn.data.rawValue)))
        }
    }

    private static let selectOutbox: PostgresStatement =
        "SELECT event_id, aggregate_type, aggregate_id, sequence_number, payload FROM outbox"

    private enum OutboxColumn: Int { case eventID, aggregateType, aggregateID, sequenceNumber, payload }

    private func outbox(_ connection: PostgresConnection) throws -> [OutboxEntry] {
        let rows = try connection.query(Self.selectOutbox)
        return try (0..<rows.count).map { row in
            OutboxEntry(
                eventID: try rows.uuid(row, OutboxColumn.eventID.rawValue).description,
                aggregateType: try rows.string(row, OutboxColumn.aggregateType.rawValue),
                aggregateID: try rows.string(row, OutboxColumn.aggregateID.rawValue),
                sequenceNumber: try rows.int64(row, OutboxColumn.sequenceNumber.rawValue),
                payload: try rows.bytes(row, OutboxColumn.payload.rawValue))
        }
    }

    private static let selectProjection: PostgresStatement = """
        SELECT order_id, last_sequence_number, customer_id, vendor_id, product_id, quantity, total_price_cents,
            payment_method,
               payment_status::integer, shipping_status::integer, payment_failure_reason, cancellation_reason
        FROM order_projection
        """

    private enum ProjectionColumn: Int {
        case orderID, version, customerID, vendorID, productID, quantity, totalPriceCents, paymentMethod
        case paymentStatus, shippingStatus, paymentFailureReason, cancellationReason
    }

    private func projection(_ connection: PostgresConnection) throws -> [ExactText: ProjectedState] {
        let rows = try connection.query(Self.selectProjection)
        var found: [ExactText: ProjectedState] = [:]
        for row in 0..<rows.count {
            found[ExactText(try rows.string(row, ProjectionColumn.orderID.rawValue))] = ProjectedState(
                version: try rows.int64(row, ProjectionColumn.version.rawValue), state: try state(rows, row))
        }
        return found
    }

    private func state(_ rows: PostgresResult, _ row: Int) throws -> OrderState {
        let text = { (column: ProjectionColumn) in try rows.string(row, column.rawValue) }
        let optionalText = { (column: ProjectionColumn) in rows.optionalString(row, column.rawValue) }
        let number = { (column: ProjectionColumn) in try rows.int32(row, column.rawValue) }
        guard
            let price = Money(cents: try rows.int64(row, ProjectionColumn.totalPriceCents.rawValue)),
            let payment = Self.payments[try number(.paymentStatus)],
            let shipping = Self.shippings[try number(.shippingStatus)]
        else { throw UnreadableProjection(orderID: try text(.orderID)) }
        let details = OrderDetails(
            customerID: try text(.customerID), vendorID: try text(.vendorID), productID: try text(.productID),
            quantity: try number(.quantity), totalPrice: price, paymentMethod: try text(.paymentMethod))
        return OrderState(
            details: details, paymentStatus: payment, shippingStatus: shipping,
            paymentFailureReason: optionalText(.paymentFailureReason),
            cancellationReason: optionalText(.cancellationReason))
    }

    /// Written out here and not taken from the projector, because the projector is checked.
    private static let payments: [Int32: PaymentStatus] = [1: .pending, 2: .initiated, 3: .paid, 4: .failed]
    private static let shippings: [Int32: ShippingStatus] = [
        1: .waitingForPayment, 2: .waitingForShipment, 3: .inTransit, 4: .delivered, 5: .cancelled,
    ]

    private func records(topic: String) throws -> [PublishedRecord] {
        try KafkaTopicReader(kafka, topic: topic).records(within: limit).map { record in
            PublishedRecord(
                eventID: record.headerText("id") ?? "", topic: topic, key: record.keyText ?? "",
                value: Array(record.value ?? []),
                sequenceNumber: record.headerText("ce_sequence").flatMap { Int64($0) } ?? -1)
        }
    }
}

/// A projection row with a number that has no meaning.
struct UnreadableProjection: Error, CustomStringConvertible {
    let orderID: String
    var description: String { "the projection of order \(orderID) holds a price or status that does not exist" }
}
