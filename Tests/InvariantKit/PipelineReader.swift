import EventStore
public import Kafka
import Orders
public import Postgres
import Values

/// Reads a ``PipelineHistory`` from a database and a Kafka cluster. Blocks: on a thread of its own.
public struct PipelineReader {
    private let database: PostgresConfiguration
    private let kafka: KafkaConfiguration
    private let topicPrefix: String
    private let limit: Duration

    /// - Parameter limit: how long reading each topic may take.
    public init(
        database: PostgresConfiguration, kafka: KafkaConfiguration, topicPrefix: String = "outbox.event.",
        limit: Duration = .seconds(60)
    ) {
        self.database = database
        self.kafka = kafka
        self.topicPrefix = topicPrefix
        self.limit = limit
    }

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

    private func events(_ connection: PostgresConnection) throws -> [RecordedEvent] {
        let rows = try connection.query(Self.selectEvents)
        return try (0..<rows.count).map { row in
            RecordedEvent(
                eventID: try rows.uuid(row, 0).description, aggregateID: try rows.string(row, 1),
                sequenceNumber: try rows.int64(row, 2),
                event: try EventCodec.decode(try rows.string(row, 3), try rows.bytes(row, 4)))
        }
    }

    private static let selectOutbox: PostgresStatement =
        "SELECT event_id, aggregate_type, aggregate_id, sequence_number, payload FROM outbox"

    private func outbox(_ connection: PostgresConnection) throws -> [OutboxEntry] {
        let rows = try connection.query(Self.selectOutbox)
        return try (0..<rows.count).map { row in
            OutboxEntry(
                eventID: try rows.uuid(row, 0).description, aggregateType: try rows.string(row, 1),
                aggregateID: try rows.string(row, 2),
                sequenceNumber: try rows.int64(row, 3), payload: try rows.bytes(row, 4))
        }
    }

    private static let selectProjection: PostgresStatement = """
        SELECT order_id, version, customer_id, vendor_id, product_id, quantity, total_price_cents, payment_method,
               payment_status::integer, shipping_status::integer, payment_failure_reason, cancellation_reason
        FROM order_projection
        """

    private func projection(_ connection: PostgresConnection) throws -> [ExactText: ProjectedState] {
        let rows = try connection.query(Self.selectProjection)
        var found: [ExactText: ProjectedState] = [:]
        for row in 0..<rows.count {
            found[ExactText(try rows.string(row, 0))] = ProjectedState(
                version: try rows.int64(row, 1), state: try state(rows, row))
        }
        return found
    }

    private func state(_ rows: PostgresResult, _ row: Int) throws -> OrderState {
        guard
            let price = Money(cents: try rows.int64(row, 6)),
            let payment = Self.payments[try rows.int32(row, 8)],
            let shipping = Self.shippings[try rows.int32(row, 9)]
        else { throw UnreadableProjection(orderID: try rows.string(row, 0)) }
        let details = OrderDetails(
            customerID: try rows.string(row, 2), vendorID: try rows.string(row, 3), productID: try rows.string(row, 4),
            quantity: try rows.int32(row, 5), totalPrice: price, paymentMethod: try rows.string(row, 7))
        return OrderState(
            details: details, paymentStatus: payment, shippingStatus: shipping,
            paymentFailureReason: rows.optionalString(row, 10), cancellationReason: rows.optionalString(row, 11))
    }

    /// Written out here and not taken from the projector, which is what is being checked.
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

/// A projection row with a number that means nothing.
struct UnreadableProjection: Error, CustomStringConvertible {
    let orderID: String
    var description: String { "the projection of order \(orderID) holds a price or status that does not exist" }
}
