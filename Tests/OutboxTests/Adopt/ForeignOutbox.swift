import Postgres
import TestKit

@testable import Outbox

/// A database of another team, with a table like Debezium's, and a topic.
struct ForeignOutbox: Sendable {
    let postgres: PostgresConfiguration
    let topic = MemoryTopic()

    init(extra: String = "version int NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp()") async throws {
        let url = try await TestPostgres.emptyDatabase()
        var postgres = PostgresConfiguration(url: url, applicationName: "tests")
        postgres.statementDeadline = .seconds(120)
        self.postgres = postgres
        try await execute(
            """
            CREATE SCHEMA app;
            CREATE TABLE app.outbox (
                id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype varchar(255) NOT NULL,
                aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload jsonb, \(extra));
            """)
    }

    var options: AdoptionOptions {
        var options = AdoptionOptions(table: "app.outbox")
        options.columns = ["sequence_number": "version"]
        return options
    }

    func connect() throws -> PostgresConnection { try PostgresConnection(postgres) }

    func execute(_ sql: String) async throws {
        try await onThread { try connect().execute(sql) }
    }

    @discardableResult
    func adopt(_ existing: AdoptionOptions.ExistingRows? = nil) async throws -> Int {
        try await onThread {
            var options = options
            options.existing = existing
            return try Adoption(connect(), options).apply { _ in }
        }
    }

    func relay(_ change: (inout RelayConfiguration) -> Void = { _ in }) throws -> Relay {
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        change(&configuration)
        return try Relay(configuration, factory: MemoryPublisherFactory(topic: topic), logger: TestOutbox.quiet)
    }

    /// Relays until so many messages are there; false if they do not come.
    func relays(_ count: Int, _ change: (inout RelayConfiguration) -> Void = { _ in }) async throws -> Bool {
        try await withRelay(relay(change)) {
            try await onThread { topic.wait { $0.count >= count } }
        }
    }

    /// The versions that arrived of each aggregate, in their order.
    var arrived: [String: [Int64]] {
        Dictionary(grouping: topic.messages, by: \.key.aggregateID).mapValues { $0.map(\.sequence) }
    }
}

extension PostgresConnection {
    private static let foreignInsert: PostgresStatement =
        """
        INSERT INTO app.outbox (aggregatetype, aggregateid, type, payload, version) VALUES ('order', $1, 'happened', '{}', $2)
        """

    func insertForeign(_ aggregate: String, _ version: Int) throws {
        try query(Self.foreignInsert, [.text(aggregate), .int4(Int32(version))])
    }
}
