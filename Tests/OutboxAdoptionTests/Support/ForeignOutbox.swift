import Postgres
import TestKit
import Testing
import Values

@testable import Outbox
@testable import OutboxAdoption

/// A database of another team, with a table like Debezium's, and a topic.
struct ForeignOutbox: Sendable {
    let postgres: PostgresConfiguration
    let topic = RecordingTopic()

    init(extra: String = "version int NOT NULL, created_at timestamptz NOT NULL DEFAULT clock_timestamp()") async throws
    {
        try await self.init(
            sql: """
                CREATE TABLE app.outbox (
                    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), aggregatetype varchar(255) NOT NULL,
                    aggregateid varchar(255) NOT NULL, type varchar(255) NOT NULL, payload jsonb, \(extra));
                """)
    }

    /// - Parameter sql: makes `app.outbox`, and what else there is.
    init(sql: String) async throws {
        let url = try await TestPostgres.emptyDatabase()
        var postgres = PostgresConfiguration(url: url, applicationName: "tests")
        postgres.statementDeadline = .seconds(120)
        self.postgres = postgres
        try await execute("CREATE SCHEMA app; \(sql)")
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

    /// With other options than ``options``, from scratch.
    @discardableResult
    func adopt(
        _ change: @Sendable @escaping (inout AdoptionOptions) -> Void, as user: PostgresConfiguration? = nil
    ) async throws -> Int {
        try await onThread {
            var options = AdoptionOptions(table: "app.outbox")
            change(&options)
            return try Adoption(PostgresConnection(user ?? postgres), options).apply { _ in }
        }
    }

    /// The message that refuses to adopt; empty if adopting is not refused. Makes sure that nothing was changed.
    func refusal(
        as user: PostgresConfiguration? = nil, _ change: @Sendable @escaping (inout AdoptionOptions) -> Void = { _ in }
    ) async throws -> String {
        try await onThread {
            var options = AdoptionOptions(table: "app.outbox")
            change(&options)
            let columns: PostgresStatement = "SELECT count(*) FROM information_schema.columns"
            let connection = try PostgresConnection(user ?? postgres)
            let before = try connection.query(columns).int64(0, 0)
            do {
                _ = try Adoption(connection, options).apply { _ in }
                return ""
            } catch let error as OutboxError {
                #expect(
                    try connection.query(columns).int64(0, 0) == before, "something was changed before it was refused")
                return error.message
            }
        }
    }

    /// A role of its own that owns the table and its schema, and is no superuser.
    func owner() async throws -> PostgresConfiguration {
        // Roles belong to the whole server, which other tests use too.
        let role = "owner_\(UUIDBytes.v7().description.filter { $0 != "-" })"
        let url = postgres.url
        let database = url[url.index(after: url.lastIndex(of: "/") ?? url.startIndex)...]
        try await execute(
            """
            CREATE ROLE \(role) LOGIN; GRANT CREATE ON DATABASE \(database) TO \(role);
            ALTER SCHEMA app OWNER TO \(role); ALTER TABLE app.outbox OWNER TO \(role)
            """)
        return PostgresConfiguration(url: url.replacing("postgres@", with: "\(role)@"), applicationName: "tests")
    }

    func relay(_ change: (inout RelayConfiguration) -> Void = { _ in }) throws -> Relay {
        var configuration = RelayConfiguration(postgres: postgres, name: "test")
        change(&configuration)
        return try Relay(
            configuration, factory: RecordingPublisherFactory(topic: topic), logger: RecordingPublisherFactory.quiet)
    }

    /// Relays until so many messages are there; false if they do not come.
    func relays(_ count: Int, _ change: (inout RelayConfiguration) -> Void = { _ in }) async throws -> Bool {
        try await withRelay(relay(change)) {
            try await onThread { topic.wait { $0.count >= count } }
        }
    }

    /// The versions that arrived of each aggregate, in their order.
    var arrived: [String: [Int64]] {
        Dictionary(grouping: topic.messages, by: \.aggregateID).mapValues { $0.map(\.sequence) }
    }
}

extension PostgresConnection {
    private static let foreignInsert: PostgresStatement =
        """
        INSERT INTO app.outbox (aggregatetype, aggregateid, type, payload, version)
        VALUES ('order', $1, 'happened', '{}', $2)
        """

    func insertForeign(_ aggregate: String, _ version: Int) throws {
        try query(Self.foreignInsert, [.text(aggregate), .int4(Int32(version))])
    }
}
