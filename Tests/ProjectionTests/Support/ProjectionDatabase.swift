import Consumers
import EventStore
import Orders
import Postgres
import TestKit
import Threads
import Values

@testable import Projection

/// A fresh database with the means to play the event store and to look at the projection.
struct ProjectionDatabase: Sendable {
    let configuration: PostgresConfiguration

    init() async throws {
        configuration = try await TestPostgres.configuration()
    }

    /// Runs on a connection of its own.
    func run<T: Sendable>(_ body: @escaping @Sendable (PostgresConnection) throws -> T) async throws -> T {
        let configuration = configuration
        return try await onThread { try body(PostgresConnection(configuration)) }
    }

    /// Runs on the projection's tables.
    func store<T: Sendable>(_ body: @escaping @Sendable (ProjectionStore) throws -> T) async throws -> T {
        try await run { try body(ProjectionStore($0, topic: "orders", member: "test")) }
    }

    /// Appends events as the event store does.
    func record(_ orderID: String, _ events: [OrderEvent], from sequence: Int64 = 0) async throws {
        try await run { connection in
            for (index, event) in events.enumerated() {
                let sequence = sequence + Int64(index)
                let (type, bytes) = try EventCodec.encode(event, orderID: orderID, at: time(sequence))
                try insert(connection, orderID, sequence, type.rawValue, bytes)
            }
        }
    }

    /// Appends an event that cannot be decoded.
    func recordGarbage(_ orderID: String, sequence: Int64) async throws {
        try await run { try insert($0, orderID, sequence, "order_placed", Array("garbage".utf8)) }
    }

    func row(_ orderID: String) async throws -> ProjectedOrder? {
        try await store { store in
            try store.rows(in: store.connection.pipeline([store.reading([orderID])])[0])[ExactText(orderID)]
        }
    }

    func number(_ sql: String) async throws -> Int64 {
        try await run { try $0.query(PostgresStatement(sql)).int64(0, 0) }
    }
}

extension ProjectionStore {
    /// Applies messages as one batch.
    func apply(
        _ messages: [ConsumedMessage], moving positions: [Position], in table: PositionTable, carefully: Bool = false
    ) throws -> AppliedBatch {
        try apply(BatchFold(messages), moving: positions, in: table, carefully: carefully)
    }
}

extension BatchFold {
    /// All of these messages.
    init(_ messages: [ConsumedMessage]) {
        var gathering = Gathering()
        gathering.add(messages, nextOffsets: [:], at: .now)
        self = gathering.take(leavingSince: nil, atMost: 0)
    }
}

private func insert(
    _ connection: PostgresConnection, _ orderID: String, _ sequence: Int64, _ type: String, _ bytes: [UInt8]
) throws {
    try connection.query(
        """
        INSERT INTO event (event_id, aggregate_id, sequence_number, aggregate_type, event_type, event_data, created_at)
        VALUES (gen_random_uuid(), $1, $2, 'order', $3, $4, $5)
        """,
        [
            .text(orderID), .int8(sequence), .text(type), .bytea(bytes),
            .timestamp(microsecondsSince1970: time(sequence)),
        ])
}
